package lifetime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Errors of Fetch.
var (
	// ErrNotFound is what a load returns, and then Fetch, for what does not exist.
	ErrNotFound = errors.New("not found")
	// ErrLoadTimeout: a load took longer than CacheOptions.LoadTimeout.
	ErrLoadTimeout = fmt.Errorf("the load took too long: %w", context.DeadlineExceeded)
	// ErrCacheClosed: the Cache was closed.
	ErrCacheClosed = errors.New("the cache is closed")
	// ErrCacheUnavailable: the server has not answered several times in a row, and FailClosed is set.
	ErrCacheUnavailable = errors.New("the cache's server does not answer")

	errNoClient = errors.New("there is no client")
	errNoLoad   = errors.New("there is no function to load it")
)

// A Cache keeps what Fetch loads. It is safe for any number of goroutines. Several processes that use the same keys
// work together; they should have the same options.
//
// A hit is one round trip (GET and PTTL in a pipeline). Of all callers in all processes that miss a key, one loads it:
// it holds a lease, a key beside the cached one (LeaseKey), and only its holder can write the value. Callers in the same
// process wait for its goroutine; one goroutine in each other process looks again every 2 to 100 ms, longer each time.
// If the holder dies, the lease ends after LeaseTTL and the next one loads.
//
// A lease is as safe as the server: a failover that loses it can lead to a second load, and to a value that was loaded
// before an invalidation being stored after it, if that invalidation was lost as well. The TTL ends both.
//
// While the slot of a key migrates in a Cluster, what needs the key and its lease together is refused (TRYAGAIN): values
// that are there are served, and what is missed is loaded without the cache.
//
// A client that reads from replicas can be given what they have not heard of yet: values stay there for the replication's
// lag after an invalidation.
//
// Servers that have no scripts (Curfew) or refuse them to the user are noticed; WATCH, MULTI and EXEC then do the same
// in more round trips. The user needs GET, GETRANGE, SET, DEL, UNLINK, PTTL, PEXPIRE, and EVAL and EVALSHA or WATCH, MULTI
// and EXEC; nothing that managed services refuse.
type Cache struct {
	client  redis.UniversalClient
	options CacheOptions
	leases  leases
	eraser  eraser
	circuit circuit
	random  func() float64       // uniform in [0, 1)
	now     func() time.Duration // monotonic

	closing context.Context
	cancel  context.CancelFunc
	work    sync.WaitGroup // flights, refreshes and loads

	mu struct {
		sync.Mutex
		closed    bool
		flights   map[string]*flight
		refreshes map[string]bool
	}
}

// NewCache returns a cache on a client, which stays the caller's.
func NewCache(client redis.UniversalClient, options CacheOptions) (*Cache, error) {
	if client == nil {
		return nil, errNoClient
	}
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	c := &Cache{client: client, options: options, random: rand.Float64, now: sinceStart}
	c.leases.client, c.leases.ttl = client, c.options.LeaseTTL
	c.eraser.client = client
	c.circuit.now, c.circuit.pause = c.now, c.options.CircuitPause
	c.closing, c.cancel = context.WithCancel(context.Background())
	c.mu.flights, c.mu.refreshes = map[string]*flight{}, map[string]bool{}
	return c, nil
}

var processStart = time.Now()

// sinceStart is the monotonic clock.
func sinceStart() time.Duration { return time.Since(processStart) }

// Close ends all loads that run for this cache and waits for them. It does not close the client.
func (c *Cache) Close() error {
	c.mu.Lock()
	c.mu.closed = true
	c.mu.Unlock()
	c.cancel()
	c.work.Wait()
	return nil
}

// Fetch returns the value of a key, from the cache or else from load, which then is asked by one caller at a time and
// whose value is kept for the TTL. Each caller gets a value of its own, made from the stored bytes.
//
// A load runs on a context that has ctx's values but not its end: a caller that gives up does not fail the others. It
// ends after LoadTimeout and with Close. A load that returns ErrNotFound says that there is nothing.
func Fetch[T any](
	ctx context.Context, c *Cache, key string, ttl time.Duration, load func(ctx context.Context) (T, error),
) (T, error) {
	var value T
	if load == nil {
		return value, fmt.Errorf("fetch %q: %w", key, errNoLoad)
	}
	err := c.fetch(ctx, &request{
		key: key, ttl: ttl,
		load: func(ctx context.Context) ([]byte, error) {
			v, err := load(ctx)
			if err != nil {
				return nil, err
			}
			return encode(c.options.Codec, v)
		},
		accept: func(payload []byte) (err error) {
			value, err = decode[T](c.options.Codec, payload)
			return err
		},
	})
	if err != nil {
		var zero T
		return zero, err
	}
	return value, nil
}

// Invalidate drops keys, at once for all processes. A value whose load began before is not stored after it. An
// Invalidator and a Relay do the same, and tell others; whoever else deletes a key has to delete its LeaseKey as well.
func (c *Cache) Invalidate(ctx context.Context, keys ...string) (err error) {
	ctx, end := c.options.Telemetry.span(ctx, "lifetime.Cache.Invalidate", slog.Int("lifetime.keys", len(keys)))
	defer func() { end(err) }()
	_, err = c.eraser.eraseCached(ctx, keys)
	c.forget(keys)
	if err != nil {
		return fmt.Errorf("invalidate: %w", err)
	}
	return nil
}

// request is one call of Fetch without its type.
type request struct {
	key    string
	ttl    time.Duration
	load   func(context.Context) ([]byte, error)
	accept func(payload []byte) error // takes the value for the caller
}

func (c *Cache) check(r *request) error {
	switch {
	case c.closing.Err() != nil:
		return ErrCacheClosed
	case r.key == "":
		return errors.New("the key is empty")
	case r.ttl <= 0 || r.ttl > longestTTL:
		return fmt.Errorf("the TTL is %v: it must be above 0, and at most %v", r.ttl, longestTTL)
	}
	return nil
}

func (c *Cache) fetch(ctx context.Context, r *request) error {
	ctx, end := c.options.Telemetry.span(ctx, "lifetime.Fetch", slog.String("lifetime.key", r.key))
	result, err := fetchError, c.check(r)
	if err == nil {
		result, err = c.serve(ctx, r)
	}
	c.options.Telemetry.add(fetchTotal, 1, result)
	failed := error(nil) // that there is nothing is no failure
	if err != nil && result == fetchError {
		err = fmt.Errorf("fetch %q: %w", r.key, err)
		failed = err
	}
	end(failed, slog.String("lifetime.result", result))
	return err
}

// fetchRounds bounds how often a caller starts anew because what it waited for was of no use to it.
const fetchRounds = 4

// serve answers one call: its result is what is counted. ErrNotFound comes with a result other than fetchError.
func (c *Cache) serve(ctx context.Context, r *request) (string, error) {
	for range fetchRounds {
		at, direct, err := c.look(ctx, r.key)
		if err != nil {
			return fetchError, err
		}
		usable := at.phase != absent && (at.nothing || r.accept(at.payload) == nil)
		switch {
		case usable && at.phase == fresh && at.nothing:
			return fetchNegative, ErrNotFound
		case usable && at.phase == fresh:
			if refreshNow(at.left, at.cost, c.options.Beta, 1-c.random()) && c.refresh(ctx, r, at.head) {
				return fetchEarly, nil
			}
			return fetchHit, nil
		case usable && at.phase == stale:
			c.refresh(ctx, r, at.head)
			return fetchStale, nil
		}
		landed, joined, err := c.join(ctx, r, wish{key: r.key, seen: at.head, stale: usable}, direct)
		if err != nil {
			return fetchError, err
		}
		if result, err, done := c.settle(r, landed, joined, usable); done {
			return result, err
		}
	}
	return fetchError, fmt.Errorf("what others stored was of no use %d times", fetchRounds)
}

// settle turns a flight's landing into the answer to a caller. done is false if the caller has to start anew.
// usable: the caller has accepted a value that may be served if a load fails.
func (c *Cache) settle(r *request, l landing, joined, usable bool) (result string, err error, done bool) {
	switch {
	case l.paused:
		return fetchStale, nil, usable
	case l.refused && joined:
		// The load may have begun before an invalidation that the caller knows of.
		return "", nil, false
	case l.err != nil && usable:
		return fetchStale, nil, true
	case l.err != nil:
		return fetchError, l.err, true
	}
	result = fetchMiss
	if l.bypass {
		result = fetchBypass
	} else if joined || !l.loaded {
		result = fetchWaited
	}
	if l.nothing {
		return result, ErrNotFound, true
	}
	if err := r.accept(l.payload); err != nil {
		// What one has loaded oneself will not become readable; what others have may be of another type.
		return fetchError, err, l.loaded && !joined
	}
	return result, nil, true
}

// report tells OnError.
func (c *Cache) report(key string, err error) {
	if c.options.OnError != nil {
		c.options.OnError(key, err)
	}
}
