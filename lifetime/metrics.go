package lifetime

import "slices"

// Metrics take the figures of this package. lifetimeprom.New makes one for Prometheus, lifetimeotel.Metrics one for
// OpenTelemetry. They are shared by all parts of a program, and told by many goroutines at once, in the course of every
// operation, so they must not block.
type Metrics interface {
	// Add changes a Counter or a Level; a Counter by 0 or more.
	Add(f *Figure, labels Labels, n float64)
	// Observe tells a Histogram one value.
	Observe(f *Figure, labels Labels, value float64)
	// Set gives one series of a Gauge its value.
	Set(f *Figure, labels Labels, value float64)
	// SetAll gives a Gauge its values; series that are not among them are gone. The map stays the caller's.
	SetAll(f *Figure, values map[Labels]float64)
}

// Labels are the values of a figure's labels, in the order in which Figure.Labels names them; the rest is empty.
type Labels [2]string

// A Figure is one of the figures that this package keeps, as Metrics have to know it. There is one value for each in a
// program, so that its address may stand for it.
type Figure struct {
	Name    string // in Prometheus's form: snake case, the unit in the plural, total for a Counter
	Help    string
	Kind    Kind
	Labels  []string  // names of the labels, at most two
	Series  []Labels  // those to be shown from the start: a rate over one that appears with its first event misses that event
	Buckets []float64 // of a Histogram: upper bounds
}

// Kind is how a figure behaves.
type Kind int

// The kinds of figures.
const (
	Counter   Kind = iota + 1 // only grows
	Level                     // grows and shrinks: what several parts have, together
	Gauge                     // has the value that it was given last
	Histogram                 // counts values, by size
)

// Figures returns all figures of this package, for Metrics to prepare. They are not to be changed.
func Figures() []*Figure {
	// Each is declared by the part that counts it, in a file figures_*.go.
	return slices.Concat(
		policyFigures, fetchFigures, lockFigures, limitFigures, invalidationFigures, nearFigures, sessionFigures, skewFigures,
	)
}

// counter is a Counter of which every value of its one label is there from the start.
func counter(name, help, label string, values ...string) *Figure {
	f := &Figure{Name: name, Help: help, Kind: Counter, Labels: []string{label}}
	for _, value := range values {
		f.Series = append(f.Series, Labels{value})
	}
	return f
}

// single is a figure without labels, which is there from the start.
func single(kind Kind, name, help string) *Figure {
	return &Figure{Name: name, Help: help, Kind: kind, Series: []Labels{{}}}
}

// buckets are n bounds, each the factor times the one before.
func buckets(first, factor float64, n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = first
		first *= factor
	}
	return all
}
