package lifetime

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/test/rig"
)

// A cut is a way to a server that can be cut, and counts the attempts to go it.
type cut struct {
	down     atomic.Bool
	attempts atomic.Int64
}

func (c *cut) client(t testing.TB, addr string) *redis.Client {
	client := redis.NewClient(&redis.Options{
		Addr: addr, MaxRetries: -1, DialerRetries: 1, PoolSize: 4,
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c.attempts.Add(1)
			if c.down.Load() {
				return nil, errors.New("no route")
			}
			conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			return &cutConn{conn, c}, err
		},
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

type cutConn struct {
	net.Conn
	cut *cut
}

func (c *cutConn) Write(p []byte) (int, error) {
	if c.cut.down.Load() {
		return 0, errors.New("no route")
	}
	return c.Conn.Write(p)
}

// waitingForFlights is how many callers of the process wait for flights.
func waitingForFlights() (n int) {
	stacks := make([]byte, 4<<20)
	for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		head, _, _ := strings.Cut(stack, "\n")
		if strings.Contains(head, "[select") && strings.Contains(stack, "(*Cache).join(") {
			n++
		}
	}
	return n
}

func TestFetchLoadsWithoutAServer(t *testing.T) {
	way := &cut{}
	client := way.client(t, rig.Redis(t).Addr)
	var reported atomic.Int64
	c := watchedCache(t, client, CacheOptions{OnError: func(string, error) { reported.Add(1) }})
	var now atomic.Int64
	c.circuit.now = func() time.Duration { return time.Duration(now.Load()) }
	load, calls := counted()
	v, err := Fetch(t.Context(), c, "k", time.Hour, load)
	want(t, v, err, "v1")

	way.down.Store(true)
	for i := 2; i < 20; i++ {
		v, err := Fetch(t.Context(), c, "k", time.Hour, load)
		want(t, v, err, fmt.Sprintf("v%d", i))
	}
	if c.count(fetchBypass) != 18 || reported.Load() == 0 {
		t.Errorf("%d passed by the cache, %d errors reported", c.count(fetchBypass), reported.Load())
	}
	// The circuit is open: nobody goes the way any more.
	asked := way.attempts.Load()
	for range 20 {
		_, _ = Fetch(t.Context(), c, "k", time.Hour, load)
	}
	if n := way.attempts.Load(); n != asked {
		t.Errorf("%d attempts to reach the server while the circuit is open", n-asked)
	}
	// All callers of a process share a load, without the cache too.
	before := calls.Load()
	begun, finish := make(chan struct{}), make(chan struct{})
	slow := func(ctx context.Context) (string, error) {
		close(begun) // panics if it is called twice
		<-finish
		return load(ctx)
	}
	var wait sync.WaitGroup
	wait.Go(func() { _, _ = Fetch(t.Context(), c, "k", time.Hour, slow) })
	<-begun
	for range 50 {
		wait.Go(func() {
			if _, err := Fetch(t.Context(), c, "k", time.Hour, load); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "all have joined", func() bool { return waitingForFlights() == 51 })
	close(finish)
	wait.Wait()
	if n := calls.Load() - before; n != 1 {
		t.Errorf("%d loads at once", n)
	}

	way.down.Store(false)
	now.Add(int64(c.options.CircuitPause))
	v, err = Fetch(t.Context(), c, "k", time.Hour, load)
	want(t, v, err, "v1") // the value is still there
	if c.count(fetchHit) != 1 {
		t.Errorf("%d hits after the server is back", c.count(fetchHit))
	}
}

func TestFetchFailsClosed(t *testing.T) {
	way := &cut{}
	client := way.client(t, rig.Redis(t).Addr)
	c := watchedCache(t, client, CacheOptions{FailClosed: true})
	c.circuit.now = func() time.Duration { return 1 }
	way.down.Store(true)
	load := func(context.Context) (string, error) { t.Error("loaded"); return "", nil }
	for i := range circuitThreshold + 2 {
		_, err := Fetch(t.Context(), c, "k", time.Hour, load)
		if open := i >= circuitThreshold; err == nil || errors.Is(err, ErrCacheUnavailable) != open {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if err := c.Invalidate(t.Context(), "k"); err == nil {
		t.Error("invalidated without a server")
	}
	if c.count(fetchError) != circuitThreshold+2 {
		t.Errorf("%d errors", c.count(fetchError))
	}
}

func TestFetchOverAKeyOfAnotherType(t *testing.T) {
	client := fetchClient(t, rig.Redis(t).Addr)
	client.RPush(t.Context(), "k", "a", "b")
	var reported []string
	c := watchedCache(t, client, CacheOptions{OnError: func(_ string, err error) { reported = append(reported, err.Error()) }})
	load, _ := counted()
	v, err := Fetch(t.Context(), c, "k", time.Hour, load)
	want(t, v, err, "v1")
	if len(reported) != 1 || !strings.Contains(reported[0], "WRONGTYPE") || client.LLen(t.Context(), "k").Val() != 2 {
		t.Errorf("reported %q", reported)
	}
	closed := watchedCache(t, client, CacheOptions{FailClosed: true})
	if _, err := Fetch(t.Context(), closed, "k", time.Hour, load); err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
		t.Error(err)
	}
}

// trips counts round trips.
type trips struct{ n atomic.Int64 }

func (h *trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { h.n.Add(1); return next(ctx, cmd) }
}

func (h *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { h.n.Add(1); return next(ctx, cmds) }
}

func TestRoundTrips(t *testing.T) {
	client := fetchClient(t, rig.Redis(t).Addr)
	c := watchedCache(t, client, CacheOptions{Beta: -1})
	l, _ := newTestLocker(t, client, LockerOptions{})
	r := newTestLimit(t, client, RateLimitOptions{Requests: 5, Per: time.Minute})
	load, _ := counted()
	// Scripts are sent whole once.
	_, _ = Fetch(t.Context(), c, "warm", time.Hour, load)
	_ = mustTry(t, l, "warm").Release(t.Context())
	_, _ = r.Allow(t.Context(), "warm")
	hook := &trips{}
	client.AddHook(hook)
	var lock *Lock
	for _, step := range []struct {
		name string
		most int64
		run  func() error
	}{
		{"a miss", 3, func() error { _, err := Fetch(t.Context(), c, "k", time.Hour, load); return err }},
		{"a hit", 1, func() error { _, err := Fetch(t.Context(), c, "k", time.Hour, load); return err }},
		{"an invalidation", 1, func() error { return c.Invalidate(t.Context(), "k") }},
		{"an acquisition", 1, func() (err error) { lock, err = l.TryAcquire(t.Context(), "x"); return err }},
		{"a release", 1, func() error { return lock.Release(t.Context()) }},
		{"a limited request", 1, func() error { _, err := r.Allow(t.Context(), "k"); return err }},
	} {
		before := hook.n.Load()
		if err := step.run(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if n := hook.n.Load() - before; n != step.most {
			t.Errorf("%s takes %d round trips, want %d", step.name, n, step.most)
		}
	}
}

func TestSpansOfFetchLockAndLimit(t *testing.T) {
	client := fetchClient(t, rig.Redis(t).Addr)
	tracer := NewRecorder()
	c, _ := NewCache(client, CacheOptions{Telemetry: Telemetry{Tracer: tracer}})
	l, _ := NewLocker(client, LockerOptions{Telemetry: Telemetry{Tracer: tracer}})
	r, _ := NewRateLimit(client, RateLimitOptions{Requests: 1, Per: time.Second, Telemetry: Telemetry{Tracer: tracer}})
	_, _ = Fetch(t.Context(), c, "k", time.Hour, func(context.Context) (string, error) { return "", errors.New("origin is down") })
	lock, err := l.TryAcquire(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	_ = lock.Release(t.Context())
	_, _ = r.Allow(t.Context(), "k")
	_, _ = c.Close(), l.Close()
	got := map[string]error{}
	for _, span := range tracer.Spans() {
		got[span.Name] = span.Err
		if strings.HasPrefix(span.Name, "lifetime.Fetch") && (span.Err == nil || !strings.Contains(span.Err.Error(), "origin is down")) {
			t.Errorf("%s: %v", span.Name, span.Err)
		}
		if span.Name == "lifetime.Fetch" && fmt.Sprint(span.Attributes) != "[lifetime.key=k lifetime.result=error]" {
			t.Errorf("%s has %v", span.Name, span.Attributes)
		}
	}
	for _, name := range []string{"lifetime.Fetch", "lifetime.Fetch.load", "lifetime.Lock.Acquire", "lifetime.Lock.Release", "lifetime.RateLimit"} {
		if _, ok := got[name]; !ok {
			t.Errorf("no span %s; got %v", name, got)
		}
	}
}

// stuckRenewal holds renewals of leases back until it is released.
type stuckRenewal struct {
	begun, release chan struct{}
	once           sync.Once
}

func (s *stuckRenewal) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *stuckRenewal) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if args := cmd.Args(); len(args) > 1 && args[1] == prolongOwnScript.Hash() {
			s.once.Do(func() { close(s.begun) })
			<-s.release
		}
		return next(ctx, cmd)
	}
}

func (s *stuckRenewal) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestFetchDoesNotWaitForARenewalThatHangs(t *testing.T) {
	client := fetchClient(t, rig.Redis(t).Addr)
	hook := &stuckRenewal{begun: make(chan struct{}), release: make(chan struct{})}
	client.AddHook(hook)
	c := watchedCache(t, client, CacheOptions{LeaseTTL: 3 * time.Second})
	done := make(chan error, 1)
	go func() {
		_, err := Fetch(t.Context(), c, "k", time.Hour, func(context.Context) (string, error) {
			<-hook.begun
			return "v", nil
		})
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(8 * time.Second):
		t.Error("the load is done, and its caller waits for the renewal of the lease")
	}
	close(hook.release)
	if v := client.Get(t.Context(), "k").Val(); !strings.HasSuffix(v, "v") {
		t.Errorf("stored: %q", v)
	}
	if n := client.Exists(t.Context(), LeaseKey("k")).Val(); n != 0 {
		t.Error("the late renewal left a lease")
	}
}
