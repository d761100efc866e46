package config

import (
	"fmt"
	"strings"
	"sync"
)

// Registry holds every declared key. See the package comment for who may call
// what when.
type Registry struct {
	// byName maps lower-case names and aliases. Immutable once the registry is
	// shared, as are order and directives.
	byName     map[string]*entry
	order      []*entry
	directives map[string]*directive

	// Written by loading only.
	path    string
	unknown []string

	mu sync.Mutex // serialises Set and Rewrite
}

// New returns an empty registry. Declare the keys next.
func New() *Registry {
	return &Registry{
		byName:     make(map[string]*entry),
		directives: make(map[string]*directive),
	}
}

// Path returns the absolute path of the configuration file, or "" when the
// server was started without one.
func (r *Registry) Path() string { return r.path }

// Has reports whether name (any case, an alias too) is declared.
func (r *Registry) Has(name string) bool { return r.lookup(name) != nil }

// Sensitive reports whether the value of name must not be shown in the slow
// log, in MONITOR or in the log file.
func (r *Registry) Sensitive(name []byte) bool {
	e := r.lookup(string(name))
	return e != nil && e.sensitive
}

func (r *Registry) lookup(name string) *entry { return r.byName[strings.ToLower(name)] }

// declare adds one key. A name declared twice, or a hook of the wrong type, is
// a mistake in the program's wiring, so it panics at start-up.
func (r *Registry) declare(name string, v value, opts []Option) {
	e := &entry{name: name, value: v}
	for _, o := range opts {
		o(e)
	}
	for _, h := range e.hooks {
		h.check(e)
	}
	e.def = e.text()
	for _, n := range append([]string{name}, e.aliases...) {
		if n != strings.ToLower(n) {
			panic("config: name must be lower case: " + n)
		}
		if r.byName[n] != nil || r.directives[n] != nil {
			panic("config: declared twice: " + n)
		}
		r.byName[n] = e
	}
	r.order = append(r.order, e)
}

// Directive declares a line that a file may hold any number of times and that
// CONFIG GET does not know, such as "user" or "rename-command". set is called
// for each line with the words after the name. rewrite returns the lines that
// CONFIG REWRITE shall leave (each the text after the name, quoted where
// needed); with a nil rewrite the lines of the file are left as they are.
func (r *Registry) Directive(name string, set func(args []string) error, rewrite func() []string, doc string) {
	if r.byName[name] != nil || r.directives[name] != nil {
		panic("config: declared twice: " + name)
	}
	r.directives[name] = &directive{name: name, set: set, rewrite: rewrite, doc: doc}
}

type directive struct {
	name    string
	set     func(args []string) error
	rewrite func() []string // nil: leave the file's lines alone
	doc     string
}

// entry is one key. All fields but value's content are immutable after declare.
type entry struct {
	name    string
	aliases []string
	value   value
	def     string // text of the default

	immutable, protected, hidden, sensitive, multi, volatile bool

	doc      string
	noEffect string
	harmless *string // the text for which that is no loss, nil: the default's
	checks   []hook
	hooks    []hook // OnSet, in order
	apply    []*Apply
	clamp    func(int64) int64 // nil: none

	loaded int // lines of files and command line that set it
}

// missed reports whether the key asks for an effect that it does not have.
func (e *entry) missed() bool {
	switch {
	case e.noEffect == "":
		return false
	case e.harmless != nil:
		return e.text() != *e.harmless
	}
	return e.loaded > 0 && e.text() != e.def
}

func (e *entry) text() string { return e.value.format(e.value.load()) }

// split turns the value of a CONFIG SET into words. The words of a file's line
// arrive split already.
func (e *entry) split(s string) []string {
	switch {
	case !e.multi:
		return []string{s}
	case s == "":
		return nil
	}
	// Not strings.Fields: like Redis, two blanks in a row hold an empty word.
	return strings.Split(s, " ")
}

// parse returns the new value that args describe, checked but not yet visible.
func (e *entry) parse(args []string) (any, error) {
	if !e.multi && len(args) != 1 {
		return nil, errArgCount
	}
	if e.multi && len(args) == 1 && args[0] == "" {
		args = nil // the file's way to say: none
	}
	v, err := e.value.parse(args)
	if err != nil {
		return nil, err
	}
	if e.clamp != nil {
		v = e.clamp(v.(int64))
	}
	for _, c := range e.checks {
		if err := c.run(e, v, v); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// value is one key's storage and codec. The any values are of one concrete type
// per implementation (bool, int64, string, ...), immutable once made.
type value interface {
	load() any
	store(v any) error // only Custom's can fail
	parse(args []string) (any, error)
	format(v any) string // as CONFIG GET shows it
	lines() []string     // as CONFIG REWRITE writes it, without the name
	kind() (typ, allowed string)
}

// accumulator is a value whose lines in a file add up (save).
type accumulator interface {
	// add returns the value after one more line of the same load.
	add(v any) any
	// reset is the line that makes a file forget the lines before it.
	reset() string
}

// hook is a function of the old and new value, typed by its declaration.
type hook struct {
	run   func(e *entry, old, new any) error
	check func(e *entry)
}

func makeHook[T any](fn func(old, new T) error) hook {
	return hook{
		run: func(e *entry, old, new any) error { return fn(convert[T](e, old), convert[T](e, new)) },
		check: func(e *entry) {
			convert[T](e, e.value.load())
		},
	}
}

// convert gives a hook the value in the type it asked for: the key's own, or
// for every key the text that CONFIG GET shows.
func convert[T any](e *entry, v any) T {
	if t, ok := v.(T); ok {
		return t
	}
	if t, ok := any(e.value.format(v)).(T); ok {
		return t
	}
	var t T
	panic(fmt.Sprintf("config: %s: hook takes %T, the value is %T", e.name, t, v))
}
