package lifetime

import (
	"context"
	"sync/atomic"
	"time"
)

// sessionClock tells the server's time, so that sessions end by one clock, whatever those of the programs say. It is an
// Anchor that is read when somebody asks: Sessions have no Close that could end a goroutine. In a Cluster it is the clock of
// whichever node answers: they are to agree within a second or so anyway, and an end that is off by that harms nothing.
type sessionClock struct {
	anchor *Anchor
	asked  atomic.Int64 // when it was last tried, by the anchor's clock
}

const (
	sessionClockFresh = time.Minute // for so long an answer is good; clocks drift by a few ms in a minute
	sessionClockRetry = time.Second // between attempts, while an older answer has to do
)

func newSessionClock(server TimeSource) *sessionClock {
	return &sessionClock{anchor: idleAnchor(server, AnchorOptions{ClockOptions: ClockOptions{Samples: 1}})}
}

// now is the server's time. It costs a round trip at first, and then one a minute. When the server does not answer, the
// last answer and the monotonic clock go on.
func (c *sessionClock) now(ctx context.Context) (time.Time, error) {
	age, known := c.anchor.age()
	if known && (age <= sessionClockFresh || !c.claim()) {
		return c.anchor.Now(), nil
	}
	if err := c.anchor.Refresh(ctx); err != nil && !known {
		return time.Time{}, err
	}
	return c.anchor.Now(), nil
}

// claim reports whether the caller is the one to ask anew.
func (c *sessionClock) claim() bool {
	now, last := c.anchor.host.elapsed(), c.asked.Load()
	return now-time.Duration(last) > sessionClockRetry && c.asked.CompareAndSwap(last, int64(now))
}
