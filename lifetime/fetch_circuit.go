package lifetime

import (
	"sync/atomic"
	"time"
)

// circuitThreshold is the number of failures in a row after which a server counts as unreachable. A single one may be
// a connection that was closed at rest.
const circuitThreshold = 3

// circuit keeps callers from waiting for a server that does not answer: after some failures in a row it is only asked
// by one caller per pause, until it answers.
type circuit struct {
	pause    time.Duration
	now      func() time.Duration // monotonic
	failures atomic.Int64
	until    atomic.Int64 // when the next caller may ask; 0: all may
}

// closed reports whether the caller may ask the server. After a pause, the first who calls may.
func (c *circuit) closed() bool {
	until := c.until.Load()
	if until == 0 {
		return true
	}
	now := c.now()
	return now >= time.Duration(until) && c.until.CompareAndSwap(until, int64(now+c.pause))
}

func (c *circuit) succeeded() {
	if c.failures.Load() != 0 {
		c.failures.Store(0)
	}
	if c.until.Load() != 0 {
		c.until.Store(0)
	}
}

func (c *circuit) failed() {
	if c.failures.Add(1) >= circuitThreshold {
		c.until.Store(max(1, int64(c.now()+c.pause)))
	}
}
