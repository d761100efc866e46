package ttllint

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// Settings are what can be set for a run of the analyzer.
type Settings struct {
	// Durable are patterns, in Redis's glob form, of keys that may live forever.
	Durable []string `json:"durable"`
	// DefaultTTLHook says that every client of the program has a hook that gives new keys a lifetime.
	DefaultTTLHook bool `json:"default-ttl-hook"`
	// Disable are codes or names of rules that are not wanted.
	Disable []string `json:"disable"`
	// Tests includes files of tests.
	Tests bool `json:"tests"`
}

// Validate is an error for rules that do not exist.
func (s Settings) Validate() error {
	for _, d := range s.Disable {
		if _, ok := rule.Lookup(d); !ok {
			return fmt.Errorf("there is no rule %q", d)
		}
	}
	return nil
}

func (s *Settings) disabled(c rule.Code) bool {
	return slices.ContainsFunc(s.Disable, func(d string) bool {
		r, ok := rule.Lookup(d)
		return ok && r.Code == c
	})
}

// flags are the settings as flags of the analyzer.
func (s *Settings) flags() flag.FlagSet {
	var fs flag.FlagSet
	fs.Var((*list)(&s.Durable), "durable", "`patterns` of keys that may live forever, separated by commas: config:*,flags:*")
	fs.BoolVar(&s.DefaultTTLHook, "default-ttl-hook", s.DefaultTTLHook, "a hook gives every new key a lifetime: accept writes without one")
	fs.Var((*list)(&s.Disable), "disable", "`rules` that are not wanted, by code or name, separated by commas")
	fs.BoolVar(&s.Tests, "tests", s.Tests, "look into files of tests too")
	return fs
}

// list is a flag of several words, separated by commas. It may be given more than once.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(v string) error {
	for _, w := range strings.Split(v, ",") {
		if w = strings.TrimSpace(w); w != "" {
			*l = append(*l, w)
		}
	}
	return nil
}
