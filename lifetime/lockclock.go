package lifetime

import "time"

// lockClock is the time by which a holder judges its lock. It is a duration since some moment, never a time of day: a
// clock that is set does not change it.
type lockClock interface {
	now() time.Duration
	// timer sends once, after d. stop frees it.
	timer(d time.Duration) (fired <-chan time.Time, stop func())
}

// systemClock is the monotonic clock of the process. On Linux it stands still while the machine is suspended, which is
// one more reason for fencing numbers.
type systemClock struct{}

func (systemClock) now() time.Duration { return sinceStart() }

func (systemClock) timer(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}
