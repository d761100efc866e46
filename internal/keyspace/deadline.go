package keyspace

import "github.com/curfewkv/curfew/internal/clock"

// Deadline is the instant at which a key goes, in milliseconds of one of two timelines. The zero Deadline means none.
// Bit 63 tells the timeline: set for the wall clock (absolute TTLs), clear for the monotonic clock (relative ones).
type Deadline uint64

const wallBit = 1 << 63

// None is the absence of a deadline.
const None Deadline = 0

// IsWall reports whether the deadline follows the wall clock.
func (d Deadline) IsWall() bool { return d&wallBit != 0 }

// Ms is the deadline's position on its own timeline.
func (d Deadline) Ms() int64 { return int64(d &^ wallBit) }

// wallDeadline is a deadline at unix time ms. Times before the epoch are clamped: they are due at once anyway.
func wallDeadline(ms int64) Deadline {
	return Deadline(max(ms, 1)) | wallBit
}

// monoDeadline is a deadline at ms of the monotonic timeline.
func monoDeadline(ms int64) Deadline { return Deadline(max(ms, 1)) }

// due reports whether the deadline is reached at i: a key with deadline t is gone at t, not a millisecond earlier.
func (d Deadline) due(i clock.Instant) bool {
	if d.IsWall() {
		return i.WallMs() >= d.Ms()
	}
	return i.MonoMs() >= d.Ms()
}

// remainingMs is the time left, 0 when it is due.
func (d Deadline) remainingMs(i clock.Instant) int64 {
	if d.IsWall() {
		return max(0, d.Ms()-i.WallMs())
	}
	return max(0, d.Ms()-i.MonoMs())
}

// unixMs is the deadline as unix time in milliseconds.
func (d Deadline) unixMs(i clock.Instant) int64 {
	if d.IsWall() {
		return d.Ms()
	}
	return d.Ms() + i.OffsetMs()
}
