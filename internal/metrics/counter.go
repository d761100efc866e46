package metrics

import (
	"runtime"
	"sync/atomic"
)

// cacheLine is what two cores must not share; 128 because x86 fetches lines in
// pairs.
const cacheLine = 128

type cell struct {
	n atomic.Int64
	_ [cacheLine - 8]byte
}

// Counter is a figure that only grows, until it is reset. It is striped: the
// event loops, which count on every request, each have a cell of their own and
// never wait for each other's cache line.
type Counter struct {
	cells []cell // a power of two
}

// NewCounter returns a counter outside of any Set.
func NewCounter() *Counter {
	n := 1
	for n < runtime.GOMAXPROCS(0) && n < 64 {
		n *= 2
	}
	return &Counter{cells: make([]cell, n)}
}

// Add adds n. For figures that are not counted on every request.
func (c *Counter) Add(n int64) { c.cells[0].n.Add(n) }

// AddAt adds n in the cell of the given stripe: an event loop's or shard's
// number. Any number is allowed.
func (c *Counter) AddAt(stripe int, n int64) {
	c.cells[uint(stripe)&uint(len(c.cells)-1)].n.Add(n)
}

// Load returns the sum.
func (c *Counter) Load() int64 {
	var sum int64
	for i := range c.cells {
		sum += c.cells[i].n.Load()
	}
	return sum
}

// Reset sets the counter to zero. An Add that runs meanwhile counts before or
// after it, and is never lost by half.
func (c *Counter) Reset() {
	for i := range c.cells {
		c.cells[i].n.Store(0)
	}
}
