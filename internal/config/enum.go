package config

import (
	"errors"
	"strings"
	"sync/atomic"
)

// Enum is a key with a fixed set of words.
type Enum struct {
	v       atomic.Int64
	values  []string
	aliases map[int]int // a word's index -> the index that it stands for
}

// Enum declares a key that is one of values, in any case. Get returns the index
// in values. A value written "relative=yes" is a second spelling of yes.
func (r *Registry) Enum(name, def string, values []string, opts ...Option) *Enum {
	en := &Enum{values: make([]string, len(values)), aliases: make(map[int]int)}
	for i, v := range values {
		word, of, isAlias := strings.Cut(v, "=")
		en.values[i] = word
		if isAlias {
			en.aliases[i] = en.index(of)
		}
	}
	d := en.index(def)
	if d < 0 {
		panic("config: default is not a value: " + name)
	}
	en.v.Store(int64(d))
	r.declare(name, en, opts)
	return en
}

// Get returns the index of the value: one atomic load.
func (en *Enum) Get() int { return int(en.v.Load()) }

// String returns the value's word.
func (en *Enum) String() string { return en.values[en.Get()] }

// Override sets the value by its index on behalf of the key's owner.
func (en *Enum) Override(index int) { en.v.Store(int64(index)) }

func (en *Enum) index(word string) int {
	for i, v := range en.values {
		if strings.EqualFold(v, word) {
			if of, isAlias := en.aliases[i]; isAlias {
				return of
			}
			return i
		}
	}
	return -1
}

func (en *Enum) load() any { return en.Get() }

func (en *Enum) store(v any) error {
	en.v.Store(int64(v.(int)))
	return nil
}

func (en *Enum) parse(args []string) (any, error) {
	if len(args) != 1 {
		return nil, errArgCount
	}
	if i := en.index(args[0]); i >= 0 {
		return i, nil
	}
	return nil, errOneOf(en.values)
}

func errOneOf(values []string) error {
	return errors.New("argument(s) must be one of the following: " + strings.Join(values, ", "))
}

func (en *Enum) format(v any) string { return en.values[v.(int)] }

func (en *Enum) lines() []string { return []string{en.String()} }

func (en *Enum) kind() (string, string) { return "enum", strings.Join(en.values, ", ") }

// Flags is a key with a set of words that combine, such as shutdown-on-sigint.
type Flags struct {
	v      atomic.Int64
	values []string // values[0] is none of them, values[i] is bit i-1
}

// Flags declares a key of several words. The first of values is the word for
// none, and the default.
func (r *Registry) Flags(name string, values []string, opts ...Option) *Flags {
	f := &Flags{values: values}
	r.declare(name, f, append(opts, MultiArg()))
	return f
}

// Get returns the set: bit i-1 stands for values[i].
func (f *Flags) Get() int64 { return f.v.Load() }

func (f *Flags) load() any { return f.v.Load() }

func (f *Flags) store(v any) error {
	f.v.Store(v.(int64))
	return nil
}

func (f *Flags) parse(args []string) (any, error) {
	if len(args) == 0 {
		return nil, errOneOf(f.values)
	}
	var set int64
words:
	for _, a := range args {
		for i, v := range f.values {
			if strings.EqualFold(a, v) {
				if i > 0 {
					set |= 1 << (i - 1)
				}
				continue words
			}
		}
		return nil, errOneOf(f.values)
	}
	return set, nil
}

func (f *Flags) format(v any) string {
	set := v.(int64)
	if set == 0 {
		return f.values[0]
	}
	var words []string
	for i, w := range f.values[1:] {
		if set&(1<<i) != 0 {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}

func (f *Flags) lines() []string { return []string{f.format(f.load())} }

func (f *Flags) kind() (string, string) { return "flags", strings.Join(f.values, ", ") }
