package lifetime

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Listener is what Listen calls, from one goroutine, one call after the other. A call that takes long delays the next.
type Listener struct {
	// Keys gets keys that were invalidated, and the region that changed them.
	Keys func(region string, keys []string)
	// Lost says that invalidations may have been missed: everything that is kept must be dropped. It is called when the
	// connection is found broken, and again when a new one is confirmed, because what was kept in between can have
	// missed its invalidation too. The error is nil in the second call.
	Lost func(error)
	// Every is how often a sign of life is asked for, and how long it may take: after a connection that died silently,
	// Lost comes within twice that. 0 is 5 s.
	Every time.Duration
}

// Listening is a running Listen.
type Listening struct {
	subscription subscription
}

// Listen calls a listener for every invalidation, of this process too, from when it returns until Close. It fails when
// the server cannot be reached or refuses; connections that are lost later are replaced.
func (i *Invalidator) Listen(ctx context.Context, l Listener) (*Listening, error) {
	if l.Keys == nil || l.Lost == nil {
		return nil, fmt.Errorf("listening to %q: both Keys and Lost are needed", i.options.Channel)
	}
	if l.Every <= 0 {
		l.Every = 5 * time.Second
	}
	was, connected := false, false
	i.options.Telemetry.add(invalidationLost, 0, i.options.Region) // so that it is there before the first loss
	listening := &Listening{}
	listening.subscription = subscription{
		open: func(ctx context.Context) *redis.PubSub {
			if i.options.Sharded {
				return i.client.SSubscribe(ctx, i.options.Channel)
			}
			return i.client.Subscribe(ctx, i.options.Channel)
		},
		up: func() {
			if was {
				l.Lost(nil)
			}
			was, connected = true, true
		},
		down: func(err error) {
			if connected {
				connected = false
				i.options.Telemetry.add(invalidationLost, 1, i.options.Region)
				l.Lost(fmt.Errorf("listening to %q: %w", i.options.Channel, err))
			}
		},
		message: func(m *redis.Message) {
			region, keys, err := parseMessage(m.Payload)
			if err != nil {
				// Somebody else's message may stand for an invalidation that nobody here can read.
				l.Lost(fmt.Errorf("a message on %q: %w", i.options.Channel, err))
				return
			}
			l.Keys(region, keys)
		},
		every: l.Every, pause: 50 * time.Millisecond,
	}
	listening.subscription.start()
	if err := listening.subscription.await(ctx); err != nil {
		_ = listening.Close()
		return nil, fmt.Errorf("listening to %q: %w", i.options.Channel, err)
	}
	return listening, nil
}

// Close ends the calls; none is running when it returns. It must not be called from a Listener.
func (l *Listening) Close() error {
	l.subscription.close()
	return nil
}
