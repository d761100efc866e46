package clock

import (
	"context"
	"time"
)

// pollEvery is how often the wall clock is compared where the system cannot tell that it was set.
const pollEvery = 100 * time.Millisecond

// WatchWall calls fn each time the wall clock is set, until ctx is done; it blocks for that long, so give it a goroutine.
// A call means "look again", not "it has moved by much": setting the clock to the time that it shows is a call too, and
// several steps may share one. fn runs on the caller's goroutine; the next call waits for it.
func WatchWall(ctx context.Context, fn func()) {
	if watchSystem(ctx, fn) {
		return
	}
	pollWall(ctx, NewSystem(), pollEvery, fn)
}

// pollWall compares the two timelines at an interval. A change of half a millisecond is enough for a call: the caller has
// a StepDetector to tell what matters.
func pollWall(ctx context.Context, c Clock, every time.Duration, fn func()) {
	const enough = nsPerMs / 2
	tick := time.NewTicker(every)
	defer tick.Stop()
	at := c.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := c.Now()
		if d := (now.Wall - now.Mono) - (at.Wall - at.Mono); d > enough || d < -enough {
			at = now
			fn()
		}
	}
}
