package clock

import "time"

// Clock tells the time. System and Fake are the two.
type Clock interface {
	// Now reads both timelines.
	Now() Instant
	// Mono reads the monotonic timeline only, in nanoseconds: one clock read, for measuring how long something took.
	Mono() int64
}

// monoOrigin is where the monotonic timeline starts. It is not 0 so that 0 can mean "never" in the tables of others, and
// not small so that an instant some minutes before the start (an idle time carried over a restart) is still positive.
const monoOrigin = int64(time.Hour)

// originFor is the start of the monotonic timeline for a wall clock that shows wall ns: such that they differ by a whole
// number of milliseconds, which puts the noise of later readings as far as can be from where OffsetMs rounds.
func originFor(wall int64) int64 { return monoOrigin + (wall%nsPerMs+nsPerMs)%nsPerMs }
