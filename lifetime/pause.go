package lifetime

import (
	"context"
	"math/rand/v2"
	"time"
)

// A backoff makes the pauses between attempts, each about twice as long as the one before.
type backoff struct{ next, longest time.Duration }

// pause returns the next pause, which does not go beyond the end of what is waited for; 0: that is not known.
func (b *backoff) pause(left time.Duration) time.Duration {
	d := b.next
	b.next = min(2*d, b.longest)
	// Between half and all of it, so that processes that began together do not go on together.
	d = d/2 + rand.N(d/2+1)
	if left > 0 {
		d = min(d, left+time.Millisecond)
	}
	return d
}

// pauseFor returns when d has passed or ctx has ended.
func pauseFor(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
