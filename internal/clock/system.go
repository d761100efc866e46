package clock

import (
	"sync/atomic"
	"time"
)

const (
	// steadyNs is how far two readings of the offset between the clocks may differ and still be taken for the same: the
	// time between the two reads inside time.Now is some ten nanoseconds, more only if the thread was interrupted there.
	steadyNs = 100_000
	// rereads is how often an offset that has changed is read again before it is believed. A thread that is interrupted
	// between the two reads shows a step that is none; that it happens thrice in a row is another matter.
	rereads = 3
)

// System is the clock of the machine. It is safe for concurrent use.
type System struct {
	start  time.Time    // immutable; carries the runtime's monotonic reading
	origin int64        // immutable; Mono at start
	offset atomic.Int64 // Wall - Mono of the last Instant that was believed
	read   func() Instant
}

// NewSystem starts a monotonic timeline.
func NewSystem() *System {
	s := &System{start: time.Now()}
	s.origin = originFor(s.start.UnixNano())
	s.offset.Store(s.start.UnixNano() - s.origin)
	s.read = s.readOnce
	return s
}

// Now reads both timelines.
func (s *System) Now() Instant {
	i := s.read()
	if known := s.offset.Load(); i.Wall-i.Mono-known > steadyNs || i.Wall-i.Mono-known < -steadyNs {
		return s.settle(i)
	}
	return i
}

// Mono reads the monotonic timeline only.
func (s *System) Mono() int64 { return s.origin + int64(time.Since(s.start)) }

func (s *System) readOnce() Instant {
	t := time.Now()
	return Instant{Mono: s.origin + int64(t.Sub(s.start)), Wall: t.UnixNano()}
}

// settle is called when the offset is not what it was: it reads on until two readings in a row agree, which an
// interruption between the clocks does not survive and a step does.
func (s *System) settle(i Instant) Instant {
	for range rereads {
		next := s.read()
		d := (next.Wall - next.Mono) - (i.Wall - i.Mono)
		i = next
		if -steadyNs <= d && d <= steadyNs {
			break
		}
	}
	s.offset.Store(i.Wall - i.Mono)
	return i
}
