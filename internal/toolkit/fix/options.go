package fix

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/quantity"
	"github.com/curfewkv/curfew/internal/toolkit/sweep"
)

// A Rule gives keys that match a pattern a TTL.
type Rule struct {
	Pattern string
	TTL     time.Duration
}

// Method is how a TTL is given to keys that have none, and only to those.
type Method string

const (
	Auto   Method = "auto"   // the first of the others that a server knows
	NX     Method = "nx"     // PEXPIREAT with NX: Redis 7.0 and newer
	Script Method = "script" // a script that looks first
	Race   Method = "race"   // looks first, and sets then: who sets a TTL in between loses it
)

// Options say which keys get which TTL. Of several rules that match a key, the longest pattern counts.
type Options struct {
	Rules     []Rule
	Exclude   []string
	Jitter    float64 // percent, both ways
	DryRun    bool
	Method    Method
	AllowRace bool   // Auto may end at Race
	Changes   string // file that gets every change; "": none
	Sweep     sweep.Options
}

func (o *Options) check() error {
	if len(o.Rules) == 0 {
		return errors.New("no rule says which keys get which TTL: give --default with --match, or --rule 'session:*=24h'")
	}
	for _, r := range o.Rules {
		if r.TTL < time.Millisecond {
			return fmt.Errorf("a TTL of %v for %q: want 1ms or more", r.TTL, r.Pattern)
		}
		if r.Pattern == "" {
			return errors.New("a rule has an empty pattern: every key is '*'")
		}
	}
	if math.IsNaN(o.Jitter) || o.Jitter < 0 || o.Jitter >= 100 {
		return fmt.Errorf("a jitter of %v%%: want 0 or more, and less than 100", o.Jitter)
	}
	switch o.Method {
	case "":
		o.Method = Auto
	case Auto, NX, Script, Race:
	default:
		return fmt.Errorf("--method %s: auto, nx, script or race", o.Method)
	}
	if o.Method == Race && !o.AllowRace {
		return errors.New("--method race can shorten a TTL that is set at the same moment: say that you know with --allow-race")
	}
	if o.DryRun && o.Changes != "" {
		return errors.New("--changes is for what was changed, and --dry-run changes nothing")
	}
	return nil
}

func (o *Options) patterns() []string {
	var all []string
	for _, r := range o.Rules {
		all = append(all, r.Pattern)
	}
	return all
}

// ParseRule reads pattern=ttl.
func ParseRule(text string) (Rule, error) {
	i := strings.LastIndexByte(text, '=')
	if i <= 0 {
		return Rule{}, fmt.Errorf("--rule %s: want a pattern and a TTL, as 'session:*=24h'", text)
	}
	ttl, err := quantity.ParseDuration(text[i+1:])
	if err != nil {
		return Rule{}, fmt.Errorf("--rule %s: %w", text, err)
	}
	return Rule{text[:i], ttl}, nil
}
