package lifetime

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/redis/go-redis/v9/push"
)

// nearTracker has the connection on which one server says what has changed.
type nearTracker struct {
	addr         string
	reader       *redis.Client // the client that reads from this server, of the caller
	own          *redis.Client // for the one connection
	channel      string        // of the probes
	cache        *NearCache
	subscription subscription

	mu struct {
		sync.Mutex
		token  string // of the probe under way
		sent   time.Time
		proven time.Time // when the last probe that arrived was sent; zero: none on this connection
	}
}

func (n *NearCache) newTracker(reader *redis.Client) *nearTracker {
	t := &nearTracker{addr: reader.Options().Addr, reader: reader, cache: n, channel: "lifetime:near:" + rand.Text()}
	options := *reader.Options()
	connected := options.OnConnect
	options.Protocol = 3
	options.PushNotificationProcessor = redis.NewPushNotificationProcessor()
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	options.ClientSideCache, options.ClientSideCacheConfig = nil, nil
	options.MinIdleConns, options.PoolSize = 0, 1
	options.OnConnect = func(ctx context.Context, c *redis.Conn) error {
		if connected != nil {
			if err := connected(ctx, c); err != nil {
				return err
			}
		}
		return n.begin(ctx, c)
	}
	t.own = redis.NewClient(&options)
	// Only a second registration of the same name is an error.
	_ = t.own.RegisterPushNotificationHandler("invalidate", t, false)
	t.subscription = subscription{
		open:    func(ctx context.Context) *redis.PubSub { return t.own.Subscribe(ctx, t.channel) },
		up:      t.up,
		down:    t.down,
		message: func(*redis.Message) {},
		prove:   func(ctx context.Context, _ *redis.PubSub) error { return t.probe(ctx) },
		isSign:  t.arrived,
		every:   n.options.Every,
		pause:   50 * time.Millisecond,
	}
	return t
}

// begin turns tracking on, on a connection that has said HELLO. Tracking without RESP3 would be accepted, and silent.
func (n *NearCache) begin(ctx context.Context, c *redis.Conn) error {
	hello, err := c.Hello(ctx, 3, "", "", "").Result()
	if err != nil {
		return fmt.Errorf("the server does not speak RESP3: %w", err)
	}
	if hello["proto"] != int64(3) {
		return fmt.Errorf("the server does not speak RESP3: it answers with protocol %v", hello["proto"])
	}
	args := []any{"client", "tracking", "on", "bcast"}
	for _, prefix := range n.options.Prefixes {
		args = append(args, "prefix", prefix)
	}
	cmd := redis.NewCmd(ctx, args...)
	if err := c.Process(ctx, cmd); err != nil {
		return fmt.Errorf("turning tracking on: %w", err)
	}
	return nil
}

// HandlePushNotification takes the server's word that keys have changed.
func (t *nearTracker) HandlePushNotification(_ context.Context, _ push.NotificationHandlerContext, n []any) error {
	if len(n) == 2 {
		if names, ok := n[1].([]any); ok {
			keys := make([]string, 0, len(names))
			for _, name := range names {
				if key, ok := name.(string); ok {
					keys = append(keys, key)
				}
			}
			if len(keys) == len(names) {
				t.cache.options.Telemetry.add(nearInvalidations, float64(len(keys)))
				t.cache.store.invalidate(keys)
				return nil
			}
		}
	}
	// No keys are named after a flush; and what cannot be read may name any.
	t.cache.dropAll()
	return nil
}

func (n *NearCache) dropAll() {
	n.options.Telemetry.add(nearDrops, 1)
	n.store.drop()
}

func (t *nearTracker) up() {
	// What a read has kept that began before tracking did is not covered by it.
	t.cache.store.drop()
	ctx, cancel := context.WithTimeout(context.Background(), t.cache.options.Every)
	defer cancel()
	if err := t.probe(ctx); err != nil {
		t.cache.failed(err)
	}
}

func (t *nearTracker) down(err error) {
	t.mu.Lock()
	proven := !t.mu.proven.IsZero()
	t.mu.token, t.mu.proven = "", time.Time{}
	t.mu.Unlock()
	t.cache.failed(fmt.Errorf("tracking at %s: %w", t.addr, err))
	if proven {
		t.cache.dropAll()
	}
}

func (t *nearTracker) probe(ctx context.Context) error {
	token := rand.Text()
	t.mu.Lock()
	t.mu.token, t.mu.sent = token, time.Now()
	t.mu.Unlock()
	if err := t.reader.Publish(ctx, t.channel, token).Err(); err != nil {
		return fmt.Errorf("publishing a probe: %w", err)
	}
	return nil
}

func (t *nearTracker) arrived(m *redis.Message) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.token == "" || m.Payload != t.mu.token {
		return false
	}
	t.mu.token, t.mu.proven = "", t.mu.sent
	return true
}

func (t *nearTracker) provenAt() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.mu.proven
}

func (t *nearTracker) close() error {
	t.subscription.close()
	return t.own.Close()
}

// await returns when the server has confirmed.
func (t *nearTracker) await(ctx context.Context) error {
	if err := t.subscription.await(ctx); err != nil {
		return errors.Join(err, t.cache.lastFailure())
	}
	return nil
}
