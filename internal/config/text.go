package config

import "sync/atomic"

// String is a free-text key.
type String struct{ v atomic.Pointer[string] }

// String declares a free-text key.
func (r *Registry) String(name, def string, opts ...Option) *String {
	s := new(String)
	s.v.Store(&def)
	r.declare(name, s, opts)
	return s
}

// Get returns the value: one atomic load.
func (s *String) Get() string { return *s.v.Load() }

// Override sets the value on behalf of the key's owner, past all checks.
func (s *String) Override(v string) { s.v.Store(&v) }

func (s *String) load() any { return s.Get() }

func (s *String) store(v any) error {
	s.Override(v.(string))
	return nil
}

func (s *String) parse(args []string) (any, error) {
	if len(args) != 1 {
		return nil, errArgCount
	}
	return args[0], nil
}

func (s *String) format(v any) string { return v.(string) }

func (s *String) lines() []string { return []string{Quote(s.Get())} }

func (s *String) kind() (string, string) { return "string", "" }
