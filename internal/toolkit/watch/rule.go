package watch

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/curfewkv/curfew/internal/toolkit/quantity"
)

// Severities of rules, for those who are told.
const (
	Warning  = "warning"
	Critical = "critical"
)

// A Rule is a limit and how long it may be crossed.
type Rule struct {
	Name     string
	Max      float64       // an alarm is above it
	Clear    float64       // and over at or below it: less than Max, so that it does not come and go
	For      time.Duration // how long it must be crossed before it is an alarm
	Severity string
	Off      bool

	unit     unit
	help     string
	evaluate func(*Engine, *Rule, Observation) []condition
}

// unit says how the numbers of a rule are written.
type unit int

const (
	count unit = iota
	perHour
	perDay // of bytes
	perSecond
	ratio
	duration // in seconds
	yes      // 1 or 0: there is no limit to choose
)

// clearAt is where an alarm ends, as a part of where it begins.
const clearAt = 0.9

// DefaultRules are all rules there are, with the limits that articles and practice give them.
func DefaultRules() []Rule {
	rules := []Rule{
		{Name: "no-ttl-keys", Max: 1000, unit: count, evaluate: noTTLKeys, help: "keys without TTL, of all primaries"},
		{Name: "no-ttl-growth", Max: 10_000, unit: perHour, evaluate: noTTLGrowth, help: "growth of the keys without TTL, within an hour"},
		{Name: "no-ttl-prefix", Max: 1000, unit: count, evaluate: noTTLPrefix, Off: true, help: "keys without TTL under one prefix, as sampled"},
		{Name: "memory-high", Max: 0.8, unit: ratio, evaluate: memoryUsed, help: "used_memory as a part of maxmemory"},
		{Name: "memory-critical", Max: 0.9, unit: ratio, evaluate: memoryUsed, Severity: Critical, help: "used_memory as a part of maxmemory"},
		{Name: "memory-growth", Max: 100 << 20, unit: perDay, evaluate: memoryGrowth, help: "growth of used_memory within a day that the number of keys does not explain"},
		{Name: "eviction-rate", Max: 10, unit: perSecond, For: time.Minute, evaluate: evictionRate, help: "keys evicted"},
		{Name: "write-failures", Max: 0, unit: perSecond, Severity: Critical, evaluate: writeFailures, help: "writes refused: OOM, READONLY, MISCONF, NOREPLICAS"},
		{Name: "clock-skew", Max: 5, unit: duration, evaluate: clockSkew, help: "skew of any two clocks, as far as it is proven"},
		{Name: "unreachable", Max: 0, unit: yes, For: 10 * time.Second, Severity: Critical, evaluate: unreachable, help: "a node does not answer"},
		{Name: "sampler-stale", Max: 900, unit: duration, evaluate: samplerStale, help: "age of the newest sample of prefixes"},
	}
	for i := range rules {
		rules[i].Clear = rules[i].Max * clearAt
		if rules[i].Severity == "" {
			rules[i].Severity = Warning
		}
	}
	return rules
}

// Set changes the rule that setting names: name=limit, name=off, name=limit,for=1m,clear=limit,severity=critical. The limit
// may be left out.
func Set(rules []Rule, setting string) error {
	name, rest, ok := strings.Cut(setting, "=")
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.Name == name })
	if i < 0 {
		return fmt.Errorf("rule %q: there is none of that name", name)
	}
	if !ok || rest == "" {
		return fmt.Errorf("rule %s: say %s=LIMIT or %s=off", name, name, name)
	}
	changed := rules[i]
	changed.Off = false
	cleared := false
	for j, part := range strings.Split(rest, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			if j > 0 {
				return fmt.Errorf("rule %s: %q: say for=, clear= or severity=", name, part)
			}
			key, value = "max", key
		}
		if err := changed.set(key, value); err != nil {
			return fmt.Errorf("rule %s: %w", name, err)
		}
		cleared = cleared || key == "clear"
	}
	if !cleared {
		changed.Clear = changed.Max * clearAt
	}
	if changed.Clear > changed.Max {
		return fmt.Errorf("rule %s: clear is above max", name)
	}
	rules[i] = changed
	return nil
}

func (r *Rule) set(key, value string) (err error) {
	switch key {
	case "max":
		switch {
		case value == "off" || value == "false":
			r.Off = true
		case value == "on" || value == "true":
		case r.unit == yes:
			return fmt.Errorf("it is on or off, and has no limit %q", value)
		default:
			r.Max, err = r.unit.parse(value)
		}
	case "clear":
		r.Clear, err = r.unit.parse(value)
	case "for":
		if r.For, err = quantity.ParseDuration(value); err == nil && r.For < 0 {
			err = errors.New("for is below 0")
		}
	case "severity":
		if value != Warning && value != Critical {
			return fmt.Errorf("severity %q: %s or %s", value, Warning, Critical)
		}
		r.Severity = value
	default:
		return fmt.Errorf("%q: say max, for, clear or severity", key)
	}
	return err
}

// parse reads a limit as a person writes it: 1000, 80%, 100mb, 5s.
func (u unit) parse(text string) (n float64, err error) {
	switch u {
	case perDay:
		var bytes int64
		if bytes, err = quantity.ParseBytes(text); err == nil {
			n = float64(bytes)
		}
	case ratio:
		digits, percent := strings.CutSuffix(text, "%")
		if n, err = strconv.ParseFloat(digits, 64); percent {
			n /= 100
		}
		if err == nil && n > 1 {
			err = fmt.Errorf("%s is more than all", text)
		}
	case duration:
		var d time.Duration
		d, err = quantity.ParseDuration(text)
		n = d.Seconds()
	default:
		n, err = strconv.ParseFloat(text, 64)
	}
	if err != nil {
		return 0, fmt.Errorf("limit %q: %w", text, err)
	}
	if n < 0 || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, fmt.Errorf("limit %q: must be a number, 0 or above", text)
	}
	return n, nil
}

func (u unit) format(n float64) string {
	switch u {
	case perDay:
		return humanize.IBytes(uint64(max(0, n)))
	case ratio:
		return strconv.FormatFloat(100*n, 'f', 1, 64) + "%"
	case duration:
		return short(time.Duration(n * float64(time.Second)).Round(time.Millisecond))
	case perSecond:
		return strconv.FormatFloat(n, 'f', 1, 64) + "/s"
	}
	return humanize.Comma(int64(math.Round(n)))
}

// short leaves out the zeros that a duration ends with.
func short(d time.Duration) string {
	text := d.String()
	for _, zeros := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zeros) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// Help lists the rules for a help text.
func Help() string {
	var b strings.Builder
	for _, r := range DefaultRules() {
		limit := r.unit.format(r.Max)
		switch {
		case r.unit == yes:
			limit = "on"
		case r.Off:
			limit = "off"
		}
		if r.For > 0 {
			limit += " for " + short(r.For)
		}
		fmt.Fprintf(&b, "  %-16s %-13s %s\n", r.Name, limit, r.help)
	}
	return b.String()
}
