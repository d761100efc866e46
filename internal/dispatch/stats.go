package dispatch

import (
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/metrics"
)

// CommandStats are one worker's figures of one command.
type CommandStats struct {
	calls, ns, rejected, failed atomic.Int64
	hist                        atomic.Pointer[metrics.Histogram]
}

// add counts n calls of ns each.
func (c *CommandStats) add(ns, n int64, failed, histogram bool) {
	// One writer: a load and a store cost less than an atomic addition.
	c.calls.Store(c.calls.Load() + n)
	c.ns.Store(c.ns.Load() + n*ns)
	if failed {
		c.failed.Add(1)
	}
	if !histogram {
		return
	}
	h := c.hist.Load()
	if h == nil {
		h = metrics.NewHistogram()
		c.hist.Store(h)
	}
	h.RecordN(ns, n)
}

// CommandTotals are the figures of one command over all workers.
type CommandTotals struct {
	Spec                        *command.Spec
	Calls, Ns, Rejected, Failed int64
	// Histogram of the durations in ns; nil when none is kept.
	Histogram *metrics.Histogram
}

// CommandTotals returns the commands that were called or rejected, by full name.
func (d *Dispatcher) CommandTotals() []CommandTotals {
	var out []CommandTotals
	for _, spec := range d.o.Table.All() {
		t := CommandTotals{Spec: spec}
		for _, w := range d.workers {
			c := &w.stats[spec.ID]
			t.Calls += c.calls.Load()
			t.Ns += c.ns.Load()
			t.Rejected += c.rejected.Load()
			t.Failed += c.failed.Load()
			if h := c.hist.Load(); h != nil {
				if t.Histogram == nil {
					t.Histogram = metrics.NewHistogram()
				}
				t.Histogram.Merge(h)
			}
		}
		if t.Calls+t.Rejected+t.Failed > 0 {
			out = append(out, t)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Spec.Full < out[j].Spec.Full })
	return out
}

// TotalCalls is the number of commands run.
func (d *Dispatcher) TotalCalls() int64 {
	n := int64(0)
	for _, w := range d.workers {
		for i := range w.stats {
			n += w.stats[i].calls.Load()
		}
	}
	return n
}

// TotalNs is the time that commands took, in ns.
func (d *Dispatcher) TotalNs() int64 {
	n := int64(0)
	for _, w := range d.workers {
		for i := range w.stats {
			n += w.stats[i].ns.Load()
		}
	}
	return n
}

// ResetStats zeroes the figures of all commands and errors. A command that runs meanwhile may be lost from the count.
func (d *Dispatcher) ResetStats() {
	for _, w := range d.workers {
		for i := range w.stats {
			c := &w.stats[i]
			c.calls.Store(0)
			c.ns.Store(0)
			c.rejected.Store(0)
			c.failed.Store(0)
			c.hist.Store(nil)
		}
	}
	d.Errors.Reset()
}

// maxErrorKinds bounds the prefixes that are told apart; a client can invent none, but a script later could.
const maxErrorKinds = 128

// ErrorStats counts error replies by prefix. Safe for concurrent use.
type ErrorStats struct {
	total atomic.Int64
	mu    sync.Mutex
	by    map[string]int64
}

func newErrorStats() *ErrorStats { return &ErrorStats{by: map[string]int64{}} }

// Count counts one error reply; its prefix is its first word.
func (e *ErrorStats) Count(text string) {
	e.total.Add(1)
	prefix, _, _ := strings.Cut(text, " ")
	e.mu.Lock()
	if _, known := e.by[prefix]; known || len(e.by) < maxErrorKinds {
		e.by[prefix]++
	}
	e.mu.Unlock()
}

// Of is the number of error replies with a prefix.
func (e *ErrorStats) Of(prefix string) int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.by[prefix]
}

// Total is the number of error replies.
func (e *ErrorStats) Total() int64 { return e.total.Load() }

// ErrorCount is the number of error replies with one prefix.
type ErrorCount struct {
	Prefix string
	Count  int64
}

// ByPrefix lists the counts in alphabetical order.
func (e *ErrorStats) ByPrefix() []ErrorCount {
	e.mu.Lock()
	out := make([]ErrorCount, 0, len(e.by))
	for p, n := range e.by {
		out = append(out, ErrorCount{p, n})
	}
	e.mu.Unlock()
	sort.Slice(out, func(i, j int) bool { return out[i].Prefix < out[j].Prefix })
	return out
}

// Reset forgets all counts.
func (e *ErrorStats) Reset() {
	e.mu.Lock()
	clear(e.by)
	e.mu.Unlock()
	e.total.Store(0)
}
