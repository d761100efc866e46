package lifetime

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/curfewkv/curfew/test/rig"
)

// fetchClient returns a client that is closed with the test.
func fetchClient(t testing.TB, addr string) *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// onServers runs a test on redis-server with scripts, on redis-server with an ACL that refuses them, and on Curfew.
func onServers(t *testing.T, run func(t *testing.T, client *redis.Client)) {
	t.Run("redis", func(t *testing.T) { run(t, fetchClient(t, rig.Redis(t).Addr)) })
	t.Run("redis without scripts", func(t *testing.T) {
		server := rig.Redis(t)
		admin := fetchClient(t, server.Addr)
		if err := admin.Do(t.Context(), "ACL", "SETUSER", "plain", "on", ">secret", "~*", "&*", "+@all", "-eval", "-evalsha").Err(); err != nil {
			t.Fatal(err)
		}
		client := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "plain", Password: "secret"})
		t.Cleanup(func() { _ = client.Close() })
		run(t, client)
	})
	t.Run("curfew", func(t *testing.T) { run(t, fetchClient(t, rig.Curfew(t).Addr)) })
}

// watchedCache returns a cache that counts, and whose reported errors fail the test unless it allows them.
func watchedCache(t testing.TB, client redis.UniversalClient, options CacheOptions) *Cache {
	options.Telemetry.Metrics = NewRecorder()
	if options.OnError == nil {
		options.OnError = func(key string, err error) { t.Errorf("key %q: %v", key, err) }
	}
	c, err := NewCache(client, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (c *Cache) count(result string) int {
	return int(c.options.Telemetry.Metrics.(*Recorder).Value("lifetime_fetch_total", result))
}

// counted returns a load that returns v1, v2, ... and the number of its calls.
func counted() (func(context.Context) (string, error), *atomic.Int64) {
	var calls atomic.Int64
	return func(context.Context) (string, error) { return fmt.Sprintf("v%d", calls.Add(1)), nil }, &calls
}

func want(t testing.TB, got string, err error, wanted string) {
	t.Helper()
	if err != nil || got != wanted {
		t.Fatalf("got %q, %v; want %q", got, err, wanted)
	}
}

// eventually polls, with an end.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in 20 s never: %s", what)
		}
	}
}

func TestFetchLoadsOnceAndThenHits(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		c := watchedCache(t, client, CacheOptions{Beta: -1})
		load, calls := counted()
		for range 3 {
			v, err := Fetch(t.Context(), c, "k", time.Hour, load)
			want(t, v, err, "v1")
		}
		if calls.Load() != 1 || c.count(fetchMiss) != 1 || c.count(fetchHit) != 2 {
			t.Errorf("%d loads, %d misses, %d hits", calls.Load(), c.count(fetchMiss), c.count(fetchHit))
		}
		if left := client.PTTL(t.Context(), "k").Val(); left <= 59*time.Minute || left > time.Hour {
			t.Errorf("stored for %v", left)
		}
		if n := client.DBSize(t.Context()).Val(); n != 1 {
			t.Errorf("%d keys are left, want the value's only", n)
		}
		if plain := !strings.HasSuffix(t.Name(), "/redis"); c.leases.scripts.refused.Load() != plain {
			t.Errorf("scripts are refused: %v", !plain)
		}
		if err := c.Invalidate(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
		v, err := Fetch(t.Context(), c, "k", time.Hour, load)
		want(t, v, err, "v2")
	})
}

func TestFetchLoadsOncePerExpiryForAllCallers(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		caches := []*Cache{watchedCache(t, client, CacheOptions{}), watchedCache(t, client, CacheOptions{})}
		load, calls := counted()
		for round := 1; round <= 5; round++ {
			var wait sync.WaitGroup
			for i := range 100 {
				wait.Go(func() {
					v, err := Fetch(t.Context(), caches[i%2], "k", time.Hour, load)
					if err != nil || v != fmt.Sprintf("v%d", round) {
						t.Errorf("round %d: %q, %v", round, v, err)
					}
				})
			}
			wait.Wait()
			if int(calls.Load()) != round {
				t.Fatalf("round %d: %d loads", round, calls.Load())
			}
			client.Del(t.Context(), "k") // what its end does
		}
	})
}

func TestFetchGoesOnWithoutACallerThatGivesUp(t *testing.T) {
	c := watchedCache(t, fetchClient(t, rig.Redis(t).Addr), CacheOptions{})
	begun, finish := make(chan struct{}), make(chan struct{})
	load := func(ctx context.Context) (string, error) {
		close(begun)
		select {
		case <-finish:
			return "v", ctx.Err()
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	first, giveUp := context.WithCancel(t.Context())
	errs := make(chan error)
	go func() {
		_, err := Fetch(first, c, "k", time.Hour, load)
		errs <- err
	}()
	<-begun
	go func() {
		v, err := Fetch(t.Context(), c, "k", time.Hour, load)
		if err == nil && v != "v" {
			err = fmt.Errorf("got %q", v)
		}
		errs <- err
	}()
	giveUp()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up got %v", err)
	}
	close(finish)
	if err := <-errs; err != nil {
		t.Errorf("who waited got %v", err)
	}
}

func TestFetchNeverStoresWhatWasLoadedBeforeAnInvalidation(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		here, there := watchedCache(t, client, CacheOptions{}), watchedCache(t, client, CacheOptions{})
		const rounds = 200
		var origin atomic.Int64
		for round := range int64(rounds) {
			read, finish := make(chan struct{}), make(chan struct{})
			got := make(chan int64)
			go func() {
				v, err := Fetch(t.Context(), here, "k", time.Hour, func(context.Context) (int64, error) {
					v := origin.Load()
					close(read)
					<-finish
					return v, nil
				})
				if err != nil {
					t.Error(err)
				}
				got <- v
			}()
			<-read
			origin.Add(1)
			by := there
			if round%2 == 1 {
				by = here
			}
			if err := by.Invalidate(t.Context(), "k"); err != nil {
				t.Fatal(err)
			}
			if round%4 >= 2 {
				// Somebody may have loaded the new value already.
				v, err := Fetch(t.Context(), there, "k", time.Hour, func(context.Context) (int64, error) { return origin.Load(), nil })
				if err != nil || v != origin.Load() {
					t.Fatalf("after the invalidation: %d, %v; the origin has %d", v, err, origin.Load())
				}
			}
			close(finish)
			if v := <-got; v != round {
				t.Errorf("who had read %d got %d", round, v)
			}
			for _, c := range []*Cache{here, there} {
				v, err := Fetch(t.Context(), c, "k", time.Hour, func(context.Context) (int64, error) { return origin.Load(), nil })
				if err != nil || v != origin.Load() {
					t.Fatalf("round %d: %d, %v from the cache; the origin has %d", round, v, err, origin.Load())
				}
			}
			if err := here.Invalidate(t.Context(), "k"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A caller that comes after an invalidation in another process joins a load that began before it.
func TestFetchGivesNoOldValueToWhoComesAfterAnInvalidation(t *testing.T) {
	client := fetchClient(t, rig.Redis(t).Addr)
	here, there := watchedCache(t, client, CacheOptions{}), watchedCache(t, client, CacheOptions{})
	read, finish := make(chan struct{}), make(chan struct{})
	var old sync.WaitGroup
	old.Go(func() {
		v, err := Fetch(t.Context(), here, "k", time.Hour, func(context.Context) (string, error) {
			close(read)
			<-finish
			return "old", nil
		})
		if err != nil || v != "old" {
			t.Errorf("%q, %v", v, err)
		}
	})
	<-read
	if err := there.Invalidate(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		v, _ := Fetch(t.Context(), here, "k", time.Hour, func(context.Context) (string, error) { return "new", nil })
		got <- v
	}()
	eventually(t, "the newcomer has joined", func() bool { return waitingForFlights() == 2 })
	close(finish)
	if v := <-got; v != "new" {
		t.Errorf("got %q", v)
	}
	old.Wait()
}

func TestFetchServesStaleWhileOneRefreshes(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		c := watchedCache(t, client, CacheOptions{StaleWhileRevalidate: time.Hour})
		load, calls := counted()
		v, err := Fetch(t.Context(), c, "k", time.Hour, load)
		want(t, v, err, "v1")
		client.PExpire(t.Context(), "k", 30*time.Minute) // as if an hour and a half had passed
		begun, finish := make(chan struct{}), make(chan struct{})
		slow := func(ctx context.Context) (string, error) {
			close(begun)
			<-finish
			return load(ctx)
		}
		v, err = Fetch(t.Context(), c, "k", time.Hour, slow)
		want(t, v, err, "v1")
		<-begun
		other := watchedCache(t, client, CacheOptions{StaleWhileRevalidate: time.Hour})
		for range 10 {
			for _, c := range []*Cache{c, other} {
				v, err := Fetch(t.Context(), c, "k", time.Hour, func(context.Context) (string, error) {
					t.Error("two refresh at once")
					return "", nil
				})
				want(t, v, err, "v1")
			}
		}
		close(finish)
		eventually(t, "the value is fresh", func() bool {
			v, err := Fetch(t.Context(), other, "k", time.Hour, load)
			return err == nil && v == "v2"
		})
		if calls.Load() != 2 || c.count(fetchStale) != 11 {
			t.Errorf("%d loads, %d stale", calls.Load(), c.count(fetchStale))
		}
	})
}

func TestFetchServesStaleWhenLoadsFail(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		c := watchedCache(t, client, CacheOptions{StaleIfError: time.Hour, RetryPause: time.Hour})
		load, _ := counted()
		v, err := Fetch(t.Context(), c, "k", time.Hour, load)
		want(t, v, err, "v1")
		client.PExpire(t.Context(), "k", 30*time.Minute)
		failures := 0
		failing := func(context.Context) (string, error) { failures++; return "", errors.New("origin is down") }
		for range 3 {
			v, err = Fetch(t.Context(), c, "k", time.Hour, failing)
			want(t, v, err, "v1")
		}
		if failures != 1 || c.count(fetchStale) != 3 {
			t.Errorf("%d loads within the pause, %d stale", failures, c.count(fetchStale))
		}
		client.Del(t.Context(), LeaseKey("k")) // the pause is over
		v, err = Fetch(t.Context(), c, "k", time.Hour, load)
		want(t, v, err, "v2")

		client.Del(t.Context(), "k")
		for i := range 2 {
			if _, err := Fetch(t.Context(), c, "k", time.Hour, failing); err == nil || !strings.Contains(err.Error(), "origin is down") {
				t.Errorf("with nothing to serve: %v", err)
			}
			if failures != 2+i {
				t.Errorf("%d loads: without a stale value each caller tries", failures)
			}
		}
	})
}

func TestFetchRemembersWhatDoesNotExist(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		c := watchedCache(t, client, CacheOptions{NegativeTTL: time.Minute, StaleWhileRevalidate: time.Hour})
		calls := 0
		missing := func(context.Context) (string, error) { calls++; return "", fmt.Errorf("user 7: %w", ErrNotFound) }
		for range 3 {
			if v, err := Fetch(t.Context(), c, "k", time.Hour, missing); !errors.Is(err, ErrNotFound) || v != "" {
				t.Errorf("%q, %v", v, err)
			}
		}
		if calls != 1 || c.count(fetchNegative) != 2 || c.count(fetchMiss) != 1 {
			t.Errorf("%d loads, %d negative", calls, c.count(fetchNegative))
		}
		if left := client.PTTL(t.Context(), "k").Val(); left <= 0 || left > time.Minute {
			t.Errorf("remembered for %v", left)
		}
	})
}

func TestFetchDropsAValueThatNoLongerExists(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		c := watchedCache(t, client, CacheOptions{StaleWhileRevalidate: time.Hour})
		load, _ := counted()
		v, err := Fetch(t.Context(), c, "k", time.Hour, load)
		want(t, v, err, "v1")
		client.PExpire(t.Context(), "k", time.Minute)
		missing := func(context.Context) (string, error) { return "", ErrNotFound }
		eventually(t, "not found", func() bool {
			_, err := Fetch(t.Context(), c, "k", time.Hour, missing)
			return errors.Is(err, ErrNotFound)
		})
		if n := client.DBSize(t.Context()).Val(); n != 0 {
			t.Errorf("%d keys are left", n)
		}
	})
}

func TestFetchRefreshesEarly(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		c := watchedCache(t, client, CacheOptions{})
		c.random = func() float64 { return 0 } // ln(1) is 0: never early
		load, calls := counted()
		for range 2 {
			v, err := Fetch(t.Context(), c, "k", time.Hour, load)
			want(t, v, err, "v1")
		}
		c.options.Beta = 1e12 // every draw but 0 is early
		c.random = func() float64 { return 0.999 }
		v, err := Fetch(t.Context(), c, "k", time.Hour, load)
		want(t, v, err, "v1")
		eventually(t, "the refresh is done", func() bool { return calls.Load() == 2 })
		if c.count(fetchEarly) != 1 || c.count(fetchHit) != 1 {
			t.Errorf("%d early, %d hits", c.count(fetchEarly), c.count(fetchHit))
		}
	})
}

func TestFetchReplacesWhatItCannotRead(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		c := watchedCache(t, client, CacheOptions{})
		whole := string(envelope{payload: []byte("17")}.seal())
		for i, raw := range []string{
			"", "x", "17", "not an envelope, and longer than the head of one", whole[:len(whole)-1], whole[:headLen-1],
			string(envelope{payload: []byte(`"no number"`)}.seal()),
		} {
			key := fmt.Sprintf("k%d", i)
			client.Set(t.Context(), key, raw, 0)
			for range 2 {
				v, err := Fetch(t.Context(), c, key, time.Hour, func(context.Context) (int, error) { return i, nil })
				if err != nil || v != i {
					t.Errorf("over %q: %d, %v", raw, v, err)
				}
			}
			if c.count(fetchMiss) != i+1 {
				t.Errorf("over %q: %d misses, want %d", raw, c.count(fetchMiss), i+1)
			}
			if left := client.PTTL(t.Context(), key).Val(); left <= 0 {
				t.Errorf("over %q: TTL %v", raw, left)
			}
		}
	})
}

func TestFetchHealsAKeyWithoutTTL(t *testing.T) {
	client := fetchClient(t, rig.Redis(t).Addr)
	c := watchedCache(t, client, CacheOptions{})
	load, _ := counted()
	_, _ = Fetch(t.Context(), c, "k", time.Hour, load)
	client.Persist(t.Context(), "k")
	v, err := Fetch(t.Context(), c, "k", time.Hour, load)
	want(t, v, err, "v2")
	if left := client.PTTL(t.Context(), "k").Val(); left <= 0 {
		t.Errorf("TTL %v", left)
	}
}

func TestFetchTakesOverFromADeadHolder(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		c := watchedCache(t, client, CacheOptions{})
		client.Set(t.Context(), LeaseKey("k"), "of one who died", 300*time.Millisecond)
		load, calls := counted()
		var wait sync.WaitGroup
		for range 20 {
			wait.Go(func() {
				v, err := Fetch(t.Context(), c, "k", time.Hour, load)
				want(t, v, err, "v1")
			})
		}
		wait.Wait()
		if calls.Load() != 1 {
			t.Errorf("%d loads", calls.Load())
		}
	})
}

func TestFetchKeepsItsLeaseDuringALongLoad(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		c := watchedCache(t, client, CacheOptions{LeaseTTL: time.Second})
		other := watchedCache(t, client, CacheOptions{LeaseTTL: time.Second})
		var wait sync.WaitGroup
		begun := make(chan struct{})
		wait.Go(func() {
			v, err := Fetch(t.Context(), c, "k", time.Hour, func(ctx context.Context) (string, error) {
				close(begun)
				renewals, last := 0, time.Hour
				eventually(t, "the lease is renewed four times", func() bool {
					left := client.PTTL(ctx, LeaseKey("k")).Val()
					if left > last {
						renewals++
					}
					last = left
					return renewals == 4
				})
				return "v", nil
			})
			if err != nil || v != "v" {
				t.Errorf("%q, %v", v, err)
			}
		})
		<-begun
		v, err := Fetch(t.Context(), other, "k", time.Hour, func(context.Context) (string, error) {
			t.Error("a second load")
			return "", nil
		})
		want(t, v, err, "v")
		wait.Wait()
		if other.count(fetchWaited) != 1 {
			t.Errorf("%d waited", other.count(fetchWaited))
		}
	})
}

func TestFetchDoesNotWaitForever(t *testing.T) {
	client := fetchClient(t, rig.Redis(t).Addr)
	var reported atomic.Int64
	c := watchedCache(t, client, CacheOptions{WaitLimit: 50 * time.Millisecond, OnError: func(string, error) { reported.Add(1) }})
	client.Set(t.Context(), LeaseKey("k"), "of one who never ends", 0)
	load, _ := counted()
	v, err := Fetch(t.Context(), c, "k", time.Hour, load)
	want(t, v, err, "v1")
	if c.count(fetchBypass) != 1 || reported.Load() != 1 || client.Exists(t.Context(), "k").Val() != 0 {
		t.Errorf("%d bypassed, %d reported", c.count(fetchBypass), reported.Load())
	}
}

func TestFetchSurvivesLoadsThatMisbehave(t *testing.T) {
	client := fetchClient(t, rig.Redis(t).Addr)
	c := watchedCache(t, client, CacheOptions{LoadTimeout: 50 * time.Millisecond})
	release := make(chan struct{})
	for name, load := range map[string]func(context.Context) (string, error){
		"panic":                  func(context.Context) (string, error) { panic("oops") },
		"ended its goroutine":    func(context.Context) (string, error) { runtime.Goexit(); return "", nil },
		"the load took too long": func(context.Context) (string, error) { <-release; return "late", nil },
	} {
		_, err := Fetch(t.Context(), c, "k", time.Hour, load)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(name, "too long") && (!errors.Is(err, ErrLoadTimeout) || !errors.Is(err, context.DeadlineExceeded)) {
			t.Errorf("%v is no ErrLoadTimeout", err)
		}
	}
	close(release)
	v, err := Fetch(t.Context(), c, "k", time.Hour, func(context.Context) (string, error) { return "v", nil })
	want(t, v, err, "v")
	if _, err := Fetch(t.Context(), c, "f", time.Hour, func(context.Context) (func(), error) { return nil, nil }); err == nil {
		t.Error("a function was encoded")
	}
}

func TestFetchLeavesNothingBehind(t *testing.T) {
	server := rig.Redis(t)
	before := goleak.IgnoreCurrent()
	client := redis.NewClient(&redis.Options{Addr: server.Addr})
	c, err := NewCache(client, CacheOptions{StaleWhileRevalidate: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = Fetch(t.Context(), c, "stale", time.Second, func(context.Context) (int, error) { return 1, nil })
	client.PExpire(t.Context(), "stale", time.Minute)
	heeds := func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }
	if v, err := Fetch(t.Context(), c, "stale", time.Second, heeds); err != nil || v != 1 {
		t.Errorf("%d, %v", v, err)
	}
	ended := make(chan error)
	begun := make(chan struct{})
	go func() {
		_, err := Fetch(t.Context(), c, "k", time.Second, func(ctx context.Context) (int, error) {
			close(begun)
			return heeds(ctx)
		})
		ended <- err
	}()
	<-begun
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("a load that Close ended has no error")
	}
	if n := client.Exists(t.Context(), LeaseKey("k"), LeaseKey("stale")).Val(); n != 0 {
		t.Errorf("%d leases are left", n)
	}
	if _, err := Fetch(t.Context(), c, "k", time.Second, heeds); !errors.Is(err, ErrCacheClosed) {
		t.Errorf("after Close: %v", err)
	}
	_ = client.Close()
	goleak.VerifyNone(t, before)
}
