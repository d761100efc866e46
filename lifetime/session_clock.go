package lifetime

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// sessionClock tells the server's time, so that sessions end by one clock, whatever those of the programs say.
type sessionClock struct {
	client redis.UniversalClient
	mu     struct {
		sync.Mutex
		server time.Time // what the server said
		local  time.Time // when it did: half-way between question and answer; zero: it was never asked
		asked  time.Time // when it was last tried
	}
}

const (
	sessionClockFresh = time.Minute // for so long an answer is good; clocks drift by a few ms in a minute
	sessionClockRetry = time.Second // between attempts, while an older answer has to do
)

// now is the server's time. It costs a round trip at first, and then one a minute. When the server does not answer, the
// last answer and the monotonic clock go on.
func (c *sessionClock) now(ctx context.Context) (time.Time, error) {
	now, ask := c.estimate(time.Now())
	if !ask {
		return now, nil
	}
	begun := time.Now()
	server, err := c.client.Time(ctx).Result()
	if err != nil {
		if !now.IsZero() {
			return now, nil
		}
		return time.Time{}, fmt.Errorf("asking for the server's time: %w", err)
	}
	took := time.Since(begun)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.server, c.mu.local = server, begun.Add(took/2)
	return server.Add(took / 2), nil
}

// estimate is the time by the last answer, zero without one; ask says that the caller is the one to ask anew.
func (c *sessionClock) estimate(now time.Time) (server time.Time, ask bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.local.IsZero() {
		return time.Time{}, true
	}
	age := now.Sub(c.mu.local)
	if age > sessionClockFresh && now.Sub(c.mu.asked) > sessionClockRetry {
		c.mu.asked = now
		ask = true
	}
	return c.mu.server.Add(age), ask
}
