package lifetime

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// NearCache keeps string values in the process, and lets the server say when they change: client tracking in broadcast
// mode, on a connection of its own to each primary (https://redis.io/docs/latest/develop/reference/client-side-caching/).
//
// What a dropped connection would leave stale, it does not keep:
//
//   - when the connection ends, everything is dropped at once, and reads go to the server until a new one is proven;
//   - a connection that died silently is found out by probes: every Every, a message is published through the very
//     client that reads, and must arrive on the connection that invalidates. So it is also proven that both are at the
//     same server, or at a primary and its replica, which after a failover is not a matter of course. No value is
//     served when the last probe that arrived was sent longer than 2 x Every ago: that is the bound of staleness, on
//     a network that loses everything. While the network works, it is the time that a message takes;
//   - an invalidation that arrives before the value that it is about wins: a read only keeps what it has read when
//     nothing was said of the key since it began;
//   - FLUSHALL, FLUSHDB and whatever else the server reports without naming keys drops everything;
//   - a value is kept until its key expires, and never for longer than MaxAge.
//
// In a Cluster, a primary that appears is tracked as soon as it is seen, which is tried every Every; until all are
// tracked, reads go to the servers. Rings are not supported.
//
// The server needs RESP3 (6.0, which Curfew has too). The user needs PUBLISH, SUBSCRIBE and CLIENT, and the channels
// lifetime:near:*.
type NearCache struct {
	client  redis.UniversalClient
	options NearOptions
	store   *nearStore
	cancel  context.CancelFunc
	done    sync.WaitGroup

	mu struct {
		sync.Mutex
		trackers []*nearTracker // one for each primary
		last     error          // why the last connection failed
	}
}

// NearOptions are what NewNearCache needs to know.
type NearOptions struct {
	// Prefixes of the keys that are kept. None: all keys, so that the server reports every write to this process. No
	// prefix may begin with another.
	Prefixes   []string
	MaxEntries int           // 0: 10,000
	MaxBytes   int64         // of keys and values, with 128 bytes for each entry; 0: 64 MiB
	MaxAge     time.Duration // also of values whose key has no TTL; 0: 5 min
	Every      time.Duration // between probes: half the bound of staleness; 0: 1 s
	Telemetry  Telemetry
}

// NewNearCache begins to track, and returns when all primaries have confirmed. The client, a *redis.Client (also of
// NewFailoverClient) or a *redis.ClusterClient, stays the caller's.
func NewNearCache(ctx context.Context, client redis.UniversalClient, options NearOptions) (*NearCache, error) {
	if options.MaxEntries <= 0 {
		options.MaxEntries = 10_000
	}
	if options.MaxBytes <= 0 {
		options.MaxBytes = 64 << 20
	}
	if options.MaxAge <= 0 {
		options.MaxAge = 5 * time.Minute
	}
	if options.Every <= 0 {
		options.Every = time.Second
	}
	for i, a := range options.Prefixes {
		for j, b := range options.Prefixes {
			if i != j && strings.HasPrefix(a, b) {
				return nil, fmt.Errorf("NearOptions: prefix %q begins with prefix %q", a, b)
			}
		}
	}
	n := &NearCache{client: client, options: options, store: newNearStore(options.MaxEntries, options.MaxBytes, options.Telemetry)}
	if err := n.track(ctx); err != nil {
		_ = n.Close()
		return nil, fmt.Errorf("near cache: %w", err)
	}
	return n, nil
}

// Get returns the value of a string key, redis.Nil when there is none. Keys without one are not kept.
func (n *NearCache) Get(ctx context.Context, key string) (string, error) {
	if !n.concerns(key) || !n.proven(time.Now()) {
		n.options.Telemetry.add(nearReads, 1, "bypass")
		return n.client.Get(ctx, key).Result()
	}
	value, flight, ok := n.store.get(key, time.Now())
	if ok {
		n.options.Telemetry.add(nearReads, 1, "hit")
		return value, nil
	}
	n.options.Telemetry.add(nearReads, 1, "miss")
	begun := time.Now()
	pipe := n.client.Pipeline()
	get, left := pipe.Get(ctx, key), pipe.PTTL(ctx, key)
	_, _ = pipe.Exec(ctx) // each command has its own error
	value, err := get.Result()
	ttl, err2 := left.Result()
	switch {
	case err == nil && err2 == nil && ttl == -1:
		n.store.land(flight, value, begun.Add(n.options.MaxAge))
	case err == nil && err2 == nil && ttl > 0:
		// What is left was asked for after begun, so a value may go early by a round trip, and never late.
		n.store.land(flight, value, begun.Add(min(ttl, n.options.MaxAge)))
	default:
		n.store.abandon(flight)
	}
	return value, err
}

// Forget drops keys here, so that this process does not read a value that it has just overwritten, in the moment until the
// server's message arrives.
func (n *NearCache) Forget(keys ...string) { n.store.invalidate(keys) }

// Size is how many values are kept, and their bytes as MaxBytes counts them.
func (n *NearCache) Size() (entries int, bytes int64) { return n.store.size() }

// Close stops tracking, and returns when nothing runs any more. Get then reads from the server.
func (n *NearCache) Close() error {
	if n.cancel != nil {
		n.cancel()
	}
	n.done.Wait()
	n.mu.Lock()
	trackers := n.mu.trackers
	n.mu.trackers = nil
	n.mu.Unlock()
	var errs []error
	for _, t := range trackers {
		errs = append(errs, t.close())
	}
	n.store.drop()
	return errors.Join(errs...)
}

func (n *NearCache) concerns(key string) bool {
	for _, prefix := range n.options.Prefixes {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return len(n.options.Prefixes) == 0
}

// proven says whether everything that was invalidated until 2 x Every ago is known to have arrived.
func (n *NearCache) proven(now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, t := range n.mu.trackers {
		if now.Sub(t.provenAt()) > 2*n.options.Every {
			return false
		}
	}
	return len(n.mu.trackers) > 0
}

func (n *NearCache) failed(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.mu.last = err
}

func (n *NearCache) lastFailure() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.mu.last
}

var errNearClient = errors.New("it needs a *redis.Client or a *redis.ClusterClient")
