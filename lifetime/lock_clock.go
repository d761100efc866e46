package lifetime

import "time"

// lockClock is the time by which a holder judges its lock. It is a duration since some moment, never a time of day: a
// clock that is set does not change it.
type lockClock interface {
	now() time.Duration
	// timer sends once, when it is at. stop frees it.
	timer(at time.Duration) (fired <-chan time.Time, stop func())
}

// systemClock is the monotonic clock of the process. On Linux it stands still while the machine is suspended, which is
// one more reason for fencing numbers.
type systemClock struct{}

func (systemClock) now() time.Duration { return sinceStart() }

// armLimit is how late a timer may be because the process stood still just before it was set.
const armLimit = time.Millisecond

func (c systemClock) timer(at time.Duration) (<-chan time.Time, func()) {
	for {
		before := c.now()
		t := time.NewTimer(at - before)
		if at <= before || c.now()-before < armLimit {
			return t.C, func() { t.Stop() }
		}
		t.Stop()
	}
}
