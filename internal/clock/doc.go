// Package clock reads time. It and main are the only places that do: every other package is handed an Instant, so that a
// test can say what time it is.
//
// # Two timelines
//
// An Instant carries the same moment on two timelines. Mono never goes back and never jumps: how long something lasts is
// measured on it. Wall is what the world calls the time: it may be stepped at any moment, by NTP, by an operator, by a
// hypervisor. A relative TTL is a deadline on Mono, an absolute one a deadline on Wall, and the two must never be mixed.
// OffsetMs translates the first into the second for display and for files; it is good until the next step.
//
// # Steps
//
// A StepDetector is fed with Instants by the event loops, which read the clock anyway, and counts the jumps of Wall against Mono.
// WatchWall blocks until the system tells that the wall clock was set, so that a sleeper on a wall deadline need not poll.
//
// # What it is not
//
// It does not schedule work and knows nothing of keys. Anyone may import it; it imports nothing of this module.
package clock
