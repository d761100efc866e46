package config

import (
	"strings"
	"sync/atomic"
)

// Bool is a yes/no key.
type Bool struct{ v atomic.Bool }

// Bool declares a yes/no key.
func (r *Registry) Bool(name string, def bool, opts ...Option) *Bool {
	b := new(Bool)
	b.v.Store(def)
	r.declare(name, b, opts)
	return b
}

// Get returns the value: one atomic load.
func (b *Bool) Get() bool { return b.v.Load() }

// Override sets the value on behalf of the key's owner, past all checks.
func (b *Bool) Override(v bool) { b.v.Store(v) }

func (b *Bool) load() any { return b.v.Load() }

func (b *Bool) store(v any) error {
	b.v.Store(v.(bool))
	return nil
}

func (b *Bool) parse(args []string) (any, error) {
	switch {
	case len(args) != 1:
		return nil, errArgCount
	case strings.EqualFold(args[0], "yes"):
		return true, nil
	case strings.EqualFold(args[0], "no"):
		return false, nil
	}
	return nil, errBool
}

func (b *Bool) format(v any) string {
	if v.(bool) {
		return "yes"
	}
	return "no"
}

func (b *Bool) lines() []string { return []string{b.format(b.load())} }

func (b *Bool) kind() (string, string) { return "bool", "yes, no" }
