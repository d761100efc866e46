package metrics

import (
	"strconv"
	"strings"
)

// Kind says how a figure behaves.
type Kind uint8

const (
	KindCounter Kind = iota // grows
	KindGauge               // goes up and down
	KindText                // is no number
)

// Set is the list of all figures, in the order of their declaration. Immutable
// once shared, so that reading it needs no lock.
type Set struct {
	figures []figure
	order   map[string][]string // by section: the names that come first, see Arrange
	onReset []func()
}

type figure struct {
	section, name, help string
	kind                Kind
	number              func() int64
	text                func() string
	counter             *Counter // nil when it is computed
	resettable          bool
}

// NewSet returns an empty set.
func NewSet() *Set { return &Set{order: map[string][]string{}} }

// Option is a property of a counter.
type Option func(*figure)

// Resettable makes CONFIG RESETSTAT zero the counter.
func Resettable() Option { return func(f *figure) { f.resettable = true } }

// Counter declares a figure that the owner adds to. section is INFO's, in any
// case; name is the INFO field.
func (s *Set) Counter(section, name, help string, opts ...Option) *Counter {
	c := NewCounter()
	f := figure{section: section, name: name, help: help, kind: KindCounter, number: c.Load, counter: c}
	for _, o := range opts {
		o(&f)
	}
	s.add(f)
	return c
}

// CounterFunc declares a growing figure that its owner keeps itself.
func (s *Set) CounterFunc(section, name, help string, fn func() int64) {
	s.add(figure{section: section, name: name, help: help, kind: KindCounter, number: fn})
}

// Gauge declares a number that is asked for when it is needed.
func (s *Set) Gauge(section, name, help string, fn func() int64) {
	s.add(figure{section: section, name: name, help: help, kind: KindGauge, number: fn})
}

// Text declares a field that is no whole number: a name, a ratio, a list.
func (s *Set) Text(section, name, help string, fn func() string) {
	s.add(figure{section: section, name: name, help: help, kind: KindText, text: fn})
}

// add panics on a field declared twice: a mistake in the program's wiring.
func (s *Set) add(f figure) {
	for _, g := range s.figures {
		if g.name == f.name && strings.EqualFold(g.section, f.section) {
			panic("metrics: declared twice: " + f.section + " " + f.name)
		}
	}
	s.figures = append(s.figures, f)
}

// OnReset adds a function to Reset, for histograms and figures that their owner
// keeps.
func (s *Set) OnReset(fn func()) { s.onReset = append(s.onReset, fn) }

// Reset executes CONFIG RESETSTAT: it zeroes the resettable counters and runs
// the OnReset functions.
func (s *Set) Reset() {
	for _, f := range s.figures {
		if f.resettable {
			f.counter.Reset()
		}
	}
	for _, fn := range s.onReset {
		fn()
	}
}

// Arrange sets the order in which AppendInfo shows the figures of a section. Those that are not named come after them, in
// the order of their declaration; a name may be declared later, or never.
func (s *Set) Arrange(section string, names []string) { s.order[strings.ToLower(section)] = names }

// AppendInfo appends the lines of one section, without its heading.
func (s *Set) AppendInfo(dst []byte, section string) []byte {
	section = strings.ToLower(section)
	there := map[string]*figure{}
	for i := range s.figures {
		if f := &s.figures[i]; strings.EqualFold(f.section, section) {
			there[f.name] = f
		}
	}
	for _, name := range s.order[section] {
		if f := there[name]; f != nil {
			dst = f.appendLine(dst)
			delete(there, name)
		}
	}
	for i := range s.figures {
		if f := &s.figures[i]; there[f.name] == f {
			dst = f.appendLine(dst)
		}
	}
	return dst
}

func (f *figure) appendLine(dst []byte) []byte {
	dst = append(dst, f.name...)
	dst = append(dst, ':')
	if f.text != nil {
		dst = append(dst, f.text()...)
	} else {
		dst = strconv.AppendInt(dst, f.number(), 10)
	}
	return append(dst, '\r', '\n')
}

// Figure is one declared figure with its present value.
type Figure struct {
	Section, Name, Help string
	Kind                Kind
	Number              int64  // of counters and gauges
	Text                string // of texts
}

// Each calls fn for every figure in the order of declaration.
func (s *Set) Each(fn func(Figure)) {
	for _, f := range s.figures {
		out := Figure{Section: f.section, Name: f.name, Help: f.help, Kind: f.kind}
		if f.text != nil {
			out.Text = f.text()
		} else {
			out.Number = f.number()
		}
		fn(out)
	}
}
