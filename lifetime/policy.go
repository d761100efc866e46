package lifetime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Mode is what a Rule does about a key that would have no TTL, or one out of bounds.
type Mode int

const (
	Warn   Mode = iota // count and report it; change nothing
	Apply              // give the key Default, or the bound
	Reject             // return an error before anything is sent
)

func (m Mode) String() string {
	switch m {
	case Warn:
		return "warn"
	case Apply:
		return "apply"
	case Reject:
		return "reject"
	}
	return fmt.Sprintf("Mode(%d)", int(m))
}

// A Rule says how long keys live whose names match.
type Rule struct {
	// Match is a pattern of key names in Redis's syntax: * ? [a-z] [^a] and \ before a character that is meant as it
	// stands. Of the rules that match a key, the one with the longest literal prefix counts.
	Match string

	Mode    Mode
	Default time.Duration // of keys that are written without a TTL; Apply needs it
	Jitter  Jitter        // of Default
	Min     time.Duration // of TTLs that a command states; 0: no bound
	Max     time.Duration // the same

	// Exempt are patterns of keys that the rule leaves alone: durable data, which someone decided to keep.
	Exempt []string
}

// PolicyOptions say what a Policy reports, and where. The zero value logs to slog.Default.
type PolicyOptions struct {
	Exempt []string // patterns of keys that no rule touches

	// OnViolation is called for each violation, from the goroutine that sent the command. It must not block.
	OnViolation func(ctx context.Context, v Violation)

	Logger   *slog.Logger  // nil: slog.Default()
	LogEvery time.Duration // at most one line for a rule and an action in this time; 0: a minute; negative: no log

	Telemetry Telemetry // of which the Metrics are used; there are no spans for single commands

	now func() time.Time // for tests; nil: time.Now
}

// A Policy is a set of rules that has been checked. It is immutable, and for use by any number of clients.
type Policy struct {
	rules    []Rule // longest literal prefix first
	prefixes []string
	exempt   []string
	reporter *reporter
	now      func() time.Time
}

// NewPolicy checks the rules. All that is wrong with them is in the error.
func NewPolicy(options PolicyOptions, rules ...Rule) (*Policy, error) {
	p := &Policy{rules: slices.Clone(rules), exempt: slices.Clone(options.Exempt), now: options.now}
	if p.now == nil {
		p.now = time.Now
	}
	p.reporter = newReporter(options, p.now)
	var wrong []error
	for i, r := range p.rules {
		if err := r.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("rule %q: %w", r.Match, err))
		}
		p.rules[i].Exempt = slices.Clone(r.Exempt)
		if slices.ContainsFunc(rules[:i], func(o Rule) bool { return o.Match == r.Match }) {
			wrong = append(wrong, fmt.Errorf("rule %q: there are two", r.Match))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	slices.SortStableFunc(p.rules, func(a, b Rule) int {
		if d := len(literalPrefix(b.Match)) - len(literalPrefix(a.Match)); d != 0 {
			return d
		}
		return len(b.Match) - len(a.Match)
	})
	for _, r := range p.rules {
		p.prefixes = append(p.prefixes, literalPrefix(r.Match))
	}
	return p, nil
}

func (r Rule) check() error {
	var wrong []error
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if r.Match == "" {
		complain("no pattern")
	}
	if r.Mode < Warn || r.Mode > Reject {
		complain("unknown mode %v", r.Mode)
	}
	for name, d := range map[string]time.Duration{"Default": r.Default, "Min": r.Min, "Max": r.Max} {
		if d < 0 || d > 0 && d < time.Millisecond {
			complain("%s %v is less than 1ms", name, d)
		}
	}
	if r.Mode == Apply && r.Default == 0 {
		complain("Apply needs a Default")
	}
	if r.Max > 0 && r.Min > r.Max {
		complain("Min %v is more than Max %v", r.Min, r.Max)
	}
	if r.Default > 0 && (r.Default < r.Min || r.Max > 0 && r.Default > r.Max) {
		complain("Default %v is out of its own bounds", r.Default)
	}
	if err := r.Jitter.check(); err != nil {
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// Rule returns the rule of a key; ok is false when none matches, or the key is exempt.
func (p *Policy) Rule(key string) (rule Rule, ok bool) {
	if r := p.ruleOf(key); r != nil {
		return *r, true
	}
	return Rule{}, false
}

func (p *Policy) ruleOf(key string) *Rule {
	for i := range p.rules {
		if !strings.HasPrefix(key, p.prefixes[i]) || !matches(p.rules[i].Match, key) {
			continue
		}
		exempts := func(pattern string) bool { return matches(pattern, key) }
		if slices.ContainsFunc(p.rules[i].Exempt, exempts) || slices.ContainsFunc(p.exempt, exempts) {
			return nil
		}
		return &p.rules[i]
	}
	return nil
}

// ttl is what a key gets that has no TTL.
func (r *Rule) ttl(key string) time.Duration {
	ttl := max(r.Jitter.TTL(r.Default, key), r.Min)
	if r.Max > 0 {
		ttl = min(ttl, r.Max)
	}
	return ttl
}
