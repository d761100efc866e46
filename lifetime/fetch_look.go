package lifetime

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// phase is where in its lifetime a value is.
type phase int

const (
	absent phase = iota // not there, or of no use
	fresh
	stale  // served while one refreshes it
	lapsed // served if a load fails
)

// sight is what a caller sees of a key.
type sight struct {
	envelope
	phase phase
	head  string        // of damaged values too; empty: nothing is there
	left  time.Duration // of being fresh
}

// look reads a key in one round trip. direct: the cache cannot be used, and the caller shall load without it.
func (c *Cache) look(ctx context.Context, key string) (at sight, direct bool, err error) {
	if !c.circuit.closed() {
		if c.options.FailClosed {
			return sight{}, false, ErrCacheUnavailable
		}
		return sight{}, true, nil
	}
	pipe := c.client.Pipeline()
	value, left := pipe.Get(ctx, key), pipe.PTTL(ctx, key)
	_, err = pipe.Exec(ctx)
	c.note(ctx, err)
	if err := none(value.Err()); err != nil {
		if ctx.Err() != nil || c.options.FailClosed {
			return sight{}, false, err
		}
		c.report(key, err)
		return sight{}, true, nil
	}
	sealed, err := value.Bytes()
	if err != nil {
		return sight{}, false, nil
	}
	// A PTTL that failed, alone in its pipeline, reads as a lifetime that is over.
	return appraise(sealed, left.Val()), false, nil
}

// appraise reads a stored value that lives for so long, by the server's clock. A key without TTL, which somebody has
// persisted, has outlived what was wanted: it is refreshed, and gets a TTL again.
func appraise(sealed []byte, left time.Duration) sight {
	at := sight{head: headOf(sealed)}
	e, err := open(sealed)
	if err != nil {
		return at
	}
	at.envelope = e
	at.left = left - e.revalidate - e.onError
	switch {
	case left == persistent && e.revalidate > 0:
		at.phase = stale
	case left == persistent && e.onError > 0:
		at.phase = lapsed
	case left <= 0:
		at.phase = absent
	case at.left > 0:
		at.phase = fresh
	case left > e.onError:
		at.phase = stale
	default:
		at.phase = lapsed
	}
	return at
}

// persistent is what go-redis returns as PTTL of a key without one.
const persistent = time.Duration(-1)

// note tells the circuit how a command went. Replies are answers, errors or not; that the caller has given up says nothing.
func (c *Cache) note(ctx context.Context, err error) {
	var reply redis.Error
	switch {
	case err == nil || errors.As(err, &reply):
		c.circuit.succeeded()
	case ctx.Err() == nil:
		c.circuit.failed()
	}
}
