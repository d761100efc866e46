package config

import "strings"

// custom is a key whose storage and format belong to its owner.
type custom struct {
	get     func() string
	set     func(args []string) error
	rewrite func() []string
	multi   bool
}

// Custom declares a key with a format of its own.
//
// get is the answer of CONFIG GET, and must be safe to call at any time from
// any goroutine. set receives the words of the new value (one, unless MultiArg
// is among the options, then any number), and either takes them or returns an
// error and changes nothing; calls come one at a time. To take a change back
// the registry calls set with the words of the get before, so it must accept
// them. rewrite returns the lines that CONFIG REWRITE writes, each the text
// after the name, quoted where needed; nil stands for the get's own text.
func (r *Registry) Custom(name string, get func() string, set func(args []string) error, rewrite func() []string, opts ...Option) {
	c := &custom{get: get, set: set, rewrite: rewrite}
	r.declare(name, c, append(opts, func(e *entry) { c.multi = e.multi }))
}

func (c *custom) load() any { return c.words(c.get()) }

func (c *custom) words(s string) []string {
	switch {
	case !c.multi:
		return []string{s}
	case s == "":
		return nil
	}
	return strings.Split(s, " ")
}

func (c *custom) store(v any) error { return c.set(v.([]string)) }

// parse only passes the words on: the owner's set checks them, and is called
// before the values of the other keys of a CONFIG SET are visible.
func (c *custom) parse(args []string) (any, error) { return args, nil }

func (c *custom) format(v any) string { return strings.Join(v.([]string), " ") }

func (c *custom) lines() []string {
	if c.rewrite != nil {
		return c.rewrite()
	}
	if s := c.get(); !c.multi || s == "" {
		return []string{Quote(s)}
	} else {
		return []string{s}
	}
}

func (c *custom) kind() (string, string) { return "text", "" }
