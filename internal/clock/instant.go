package clock

import "time"

const nsPerMs = int64(time.Millisecond)

// Instant is one moment on both timelines, in nanoseconds. It is a plain value: copy it, compare it, make one up in a test.
type Instant struct {
	Mono int64 // monotonic timeline; starts at monoOrigin or a little later, never 0
	Wall int64 // unix time
}

// MonoMs is the monotonic time in whole milliseconds, rounded down: a deadline of t ms is due when MonoMs reaches t.
func (i Instant) MonoMs() int64 { return floorDiv(i.Mono, nsPerMs) }

// WallMs is the unix time in whole milliseconds, rounded down.
func (i Instant) WallMs() int64 { return floorDiv(i.Wall, nsPerMs) }

// OffsetMs added to a monotonic time in ms gives unix time in ms. It is rounded to the nearest: the two clocks are read
// one after the other, and a microsecond between the readings must not move a deadline by a millisecond.
func (i Instant) OffsetMs() int64 { return floorDiv(i.Wall-i.Mono+nsPerMs/2, nsPerMs) }

// floorDiv divides rounding down; Go's operator rounds towards zero, which is up for times before 1970.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
