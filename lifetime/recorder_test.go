package lifetime

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
)

// Recorder is Metrics and a Tracer that keep what they are told, and panic at what no Metrics could take.
type Recorder struct {
	mu     sync.Mutex
	values map[recorded]float64 // of a Histogram, how many values it was told
	spans  []Span
}

type recorded struct {
	name   string
	labels Labels
}

// Span is one that has ended.
type Span struct {
	Name       string
	Err        error
	Attributes []slog.Attr
}

// NewRecorder returns a Recorder, in which the series are that are there from the start.
func NewRecorder() *Recorder {
	r := &Recorder{values: map[recorded]float64{}}
	for _, f := range Figures() {
		for _, labels := range f.Series {
			r.values[recorded{f.Name, labels}] = 0
		}
	}
	return r
}

// Value returns the value of a series, 0 if there is none.
func (r *Recorder) Value(name string, labels ...string) float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.values[recorded{name, labelled(labels)}]
}

// Series returns how many series a figure has.
func (r *Recorder) Series(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for s := range r.values {
		if s.name == name {
			n++
		}
	}
	return n
}

// Spans returns those that have ended, in that order.
func (r *Recorder) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Span{}, r.spans...)
}

// series checks a figure's use and returns its place. REQUIRES: r.mu is held.
func (r *Recorder) series(f *Figure, labels Labels, kinds ...Kind) recorded {
	fits := false
	for _, k := range kinds {
		fits = fits || f.Kind == k
	}
	for i, l := range labels {
		fits = fits && (i < len(f.Labels) || l == "")
	}
	if !fits {
		panic(fmt.Sprintf("figure %s is of kind %v with labels %v, used as one of %v with %q", f.Name, f.Kind, f.Labels, kinds, labels))
	}
	return recorded{f.Name, labels}
}

func (r *Recorder) Add(f *Figure, labels Labels, n float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f.Kind == Counter && n < 0 {
		panic(fmt.Sprintf("counter %s shrinks by %v", f.Name, n))
	}
	r.values[r.series(f, labels, Counter, Level)] += n
}

func (r *Recorder) Observe(f *Figure, labels Labels, _ float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.values[r.series(f, labels, Histogram)]++
}

func (r *Recorder) Set(f *Figure, labels Labels, value float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.values[r.series(f, labels, Gauge)] = value
}

func (r *Recorder) SetAll(f *Figure, values map[Labels]float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range r.values {
		if s.name == f.Name {
			delete(r.values, s)
		}
	}
	for labels, value := range values {
		r.values[r.series(f, labels, Gauge)] = value
	}
}

func (r *Recorder) Start(ctx context.Context, name string, attributes ...slog.Attr) (context.Context, func(error, ...slog.Attr)) {
	ended := false
	return ctx, func(err error, more ...slog.Attr) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if ended {
			panic("span " + name + " ends twice")
		}
		ended = true
		r.spans = append(r.spans, Span{name, err, append(attributes[:len(attributes):len(attributes)], more...)})
	}
}
