package lifetime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

// nearServers runs a test against servers that have client tracking, reached through a link; writer reaches them directly.
func nearServers(t *testing.T, test func(t *testing.T, server *rig.Server, l *link, client, writer *redis.Client)) {
	for name, start := range map[string]func(testing.TB, ...string) *rig.Server{"redis": rig.Redis, "curfew": rig.Curfew} {
		t.Run(name, func(t *testing.T) {
			server := start(t)
			l := newLink(t, server.Addr)
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait"))
			defer l.Cut()
			client := redis.NewClient(&redis.Options{Addr: l.Addr, ReadTimeout: time.Second, DialTimeout: time.Second})
			writer := redis.NewClient(&redis.Options{Addr: server.Addr})
			defer client.Close()
			defer writer.Close()
			test(t, server, l, client, writer)
		})
	}
}

func openNear(t *testing.T, client redis.UniversalClient, options lifetime.NearOptions) *lifetime.NearCache {
	t.Helper()
	if options.Every == 0 {
		options.Every = 200 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	near, err := lifetime.NewNearCache(ctx, client, options)
	if err != nil {
		t.Fatal(err)
	}
	return near
}

// keeps waits until a key is kept, which is so from when the connection is proven.
func keeps(t *testing.T, near *lifetime.NearCache, key, want string) {
	t.Helper()
	rig.Eventually(t, key+" is kept", func() bool {
		got, err := near.Get(t.Context(), key)
		if err != nil || got != want {
			t.Fatalf("%s is %q, %v; want %q", key, got, err, want)
		}
		n, _ := near.Size()
		return n > 0
	})
}

func becomes(t *testing.T, near *lifetime.NearCache, key, want string) {
	t.Helper()
	rig.Eventually(t, key+" becomes "+want, func() bool {
		got, err := near.Get(t.Context(), key)
		return err == nil && got == want
	})
}

func TestNearCacheIsToldOfChanges(t *testing.T) {
	nearServers(t, func(t *testing.T, server *rig.Server, _ *link, client, writer *redis.Client) {
		metrics := lifetime.NewRecorder()
		near := openNear(t, client, lifetime.NearOptions{Prefixes: []string{"user:", "page:"}, Telemetry: lifetime.Telemetry{Metrics: metrics}})
		defer near.Close()
		writer.Set(t.Context(), "user:1", "one", time.Minute)
		keeps(t, near, "user:1", "one")
		writer.Set(t.Context(), "user:1", "two", time.Minute)
		becomes(t, near, "user:1", "two")
		keeps(t, near, "user:1", "two")
		writer.Del(t.Context(), "user:1")
		rig.Eventually(t, "the key is gone", func() bool {
			_, err := near.Get(t.Context(), "user:1")
			return errors.Is(err, redis.Nil)
		})
		if n, _ := near.Size(); n != 0 {
			t.Errorf("%d values are kept", n)
		}
		// What is not concerned passes by.
		writer.Set(t.Context(), "other", "v", 0)
		for range 3 {
			if v, err := near.Get(t.Context(), "other"); v != "v" || err != nil {
				t.Errorf("other: %q, %v", v, err)
			}
		}
		if n, _ := near.Size(); n != 0 {
			t.Errorf("%d values are kept of keys without the prefixes", n)
		}
		writer.Set(t.Context(), "page:1", "p", 0)
		keeps(t, near, "page:1", "p")
		near.Forget("page:1")
		if n, _ := near.Size(); n != 0 {
			t.Error("a key is kept after Forget")
		}
		keeps(t, near, "page:1", "p")
		writer.FlushAll(t.Context())
		rig.Eventually(t, "a flush drops all", func() bool { n, bytes := near.Size(); return n == 0 && bytes == 0 })
		if entries, bytes := metrics.Value("lifetime_near_entries"), metrics.Value("lifetime_near_bytes"); entries != 0 || bytes != 0 {
			t.Errorf("%v values of %v bytes are shown", entries, bytes)
		}
		if n := metrics.Value("lifetime_near_reads_total", "bypass"); n < 3 {
			t.Errorf("%v reads passed by", n)
		}
		writer.HSet(t.Context(), "user:h", "f", "v")
		if server.Name == "redis" {
			if _, err := near.Get(t.Context(), "user:h"); err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
				t.Errorf("a hash: %v", err)
			}
		}
	})
}

func TestNearCacheKeepsNoLongerThanTheKeyLives(t *testing.T) {
	nearServers(t, func(t *testing.T, _ *rig.Server, _ *link, client, writer *redis.Client) {
		near := openNear(t, client, lifetime.NearOptions{MaxAge: 300 * time.Millisecond, Every: time.Second})
		defer near.Close()
		writer.Set(t.Context(), "long", "v", time.Hour)
		keeps(t, near, "long", "v")
		// Not even the server knows of this change of a value.
		rig.Eventually(t, "the value is asked for again", func() bool {
			before := commands(t, writer)
			_, _ = near.Get(t.Context(), "long")
			return commands(t, writer) > before
		})
		writer.Set(t.Context(), "short", "v", 150*time.Millisecond)
		rig.Eventually(t, "the key ends here too", func() bool {
			_, err := near.Get(t.Context(), "short")
			return errors.Is(err, redis.Nil)
		})
	})
}

// commands is how often GET was called.
func commands(t *testing.T, client *redis.Client) (n int) {
	t.Helper()
	text := client.Info(t.Context(), "commandstats").Val()
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "cmdstat_get:calls="); ok {
			fmt.Sscanf(rest, "%d", &n)
		}
	}
	return n
}

// However the connection ends, no change of the meantime may stay unseen.
func TestNearCacheIsNotLeftStaleByADroppedConnection(t *testing.T) {
	for name, c := range map[string]struct {
		end, restore func(t *testing.T, server *rig.Server, l *link)
	}{
		"cut":             {end: func(_ *testing.T, _ *rig.Server, l *link) { l.Cut() }},
		"killed":          {end: func(t *testing.T, s *rig.Server, _ *link) { s.Must(t, "CLIENT", "KILL", "TYPE", "pubsub") }},
		"silent":          {end: func(_ *testing.T, _ *rig.Server, l *link) { l.Silence() }},
		"silent tracking": {end: func(_ *testing.T, _ *rig.Server, l *link) { l.SilenceTracking() }},
		"out of reach": {
			end:     func(_ *testing.T, _ *rig.Server, l *link) { l.Refuse(true) },
			restore: func(_ *testing.T, _ *rig.Server, l *link) { l.Refuse(false) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			nearServers(t, func(t *testing.T, server *rig.Server, l *link, client, writer *redis.Client) {
				near := openNear(t, client, lifetime.NearOptions{})
				defer near.Close()
				for round := range 3 {
					old, fresh := fmt.Sprint("old ", round), fmt.Sprint("new ", round)
					writer.Set(t.Context(), "k", old, time.Minute)
					becomes(t, near, "k", old)
					keeps(t, near, "k", old)
					c.end(t, server, l)
					writer.Set(t.Context(), "k", fresh, time.Minute)
					if c.restore != nil {
						rig.Eventually(t, "what was kept is dropped", func() bool { n, _ := near.Size(); return n == 0 })
						c.restore(t, server, l)
					}
					becomes(t, near, "k", fresh)
					for range 20 {
						if got, err := near.Get(t.Context(), "k"); err == nil && got != fresh {
							t.Fatalf("%q after %q was seen", got, fresh)
						}
					}
				}
			})
		})
	}
}

// A client that reads from one server and is told by another must not keep anything: the probe finds that out.
func TestNearCacheKeepsNothingWhenItIsToldByAnotherServer(t *testing.T) {
	a, b := rig.Redis(t), rig.Redis(t)
	l := newLink(t, a.Addr)
	client := redis.NewClient(&redis.Options{Addr: l.Addr, PoolSize: 1, MaxRetries: -1})
	defer client.Close()
	writer := redis.NewClient(&redis.Options{Addr: b.Addr})
	defer writer.Close()
	a.Must(t, "SET", "k", "of a")
	near := openNear(t, client, lifetime.NearOptions{})
	defer near.Close()
	keeps(t, near, "k", "of a")
	// The connection that tracks stays where it is; those that read go to b, as after a failover that one has not noticed.
	l.mu.Lock()
	l.mu.server = b.Addr
	l.mu.Unlock()
	a.Must(t, "CLIENT", "KILL", "TYPE", "normal")
	writer.Set(t.Context(), "k", "of b", time.Minute)
	becomes(t, near, "k", "of b")
	writer.Set(t.Context(), "k", "of b, later", time.Minute)
	becomes(t, near, "k", "of b, later")
}

func TestNearCacheAgreesWithTheServerAfterConcurrentWrites(t *testing.T) {
	nearServers(t, func(t *testing.T, _ *rig.Server, l *link, client, writer *redis.Client) {
		near := openNear(t, client, lifetime.NearOptions{MaxEntries: 15})
		defer near.Close()
		var wg sync.WaitGroup
		stop := make(chan struct{})
		for range 4 {
			wg.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
						_, _ = near.Get(t.Context(), fmt.Sprint("k:", i%20))
					}
				}
			})
		}
		for i := range 3000 {
			writer.Set(t.Context(), fmt.Sprint("k:", i%20), i, time.Minute)
			if i%1000 == 500 {
				l.Cut()
			}
		}
		close(stop)
		wg.Wait()
		for i := range 20 {
			becomes(t, near, fmt.Sprint("k:", i), fmt.Sprint(2980+i))
		}
		if n, _ := near.Size(); n > 15 {
			t.Errorf("%d values are kept", n)
		}
	})
}

func TestNearCacheOnACluster(t *testing.T) {
	cluster := rig.RedisCluster(t, 3, 0)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait"))
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	defer client.Close()
	writer := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	defer writer.Close()
	near := openNear(t, client, lifetime.NearOptions{})
	defer near.Close()
	keys := numbered("k", 30)
	all := func(value string) {
		t.Helper()
		for _, key := range keys {
			if err := writer.Set(t.Context(), key, value, time.Minute).Err(); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range keys {
			becomes(t, near, key, value)
		}
		rig.Eventually(t, "all are kept", func() bool {
			for _, key := range keys {
				becomes(t, near, key, value)
			}
			n, _ := near.Size()
			return n == len(keys)
		})
	}
	all("1")
	all("2")
	cluster.Primaries[1].Must(t, "CLIENT", "KILL", "TYPE", "pubsub")
	all("3")
	// A slot moves while its key is kept.
	slot := lifetime.Slot(keys[0])
	from := cluster.Owner(t, slot)
	to := cluster.Primaries[0]
	if to == from {
		to = cluster.Primaries[1]
	}
	cluster.BeginMigration(t, slot, from, to)
	cluster.MoveKeys(t, from, to, keys[0])
	cluster.EndMigration(t, slot, to)
	all("4")
	all("5")
}

func TestNearCacheRefusesWhatItCannotKeepRight(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait"))
	old := rig.Redis(t, "--rename-command", "HELLO", "")
	user := rig.Redis(t)
	user.Must(t, "ACL", "SETUSER", "app", "on", ">pw", "~*", "+@all", "resetchannels")
	for name, c := range map[string]struct {
		client  redis.UniversalClient
		options lifetime.NearOptions
		want    string
	}{
		"a ring":         {redis.NewRing(&redis.RingOptions{}), lifetime.NearOptions{}, "*redis.Ring"},
		"replicas":       {redis.NewClusterClient(&redis.ClusterOptions{ReadOnly: true}), lifetime.NearOptions{}, "replicas"},
		"prefixes":       {redis.NewClient(&redis.Options{}), lifetime.NearOptions{Prefixes: []string{"a", "ab"}}, `"ab"`},
		"no server":      {redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"}), lifetime.NearOptions{}, "refused"},
		"no cluster":     {redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}}), lifetime.NearOptions{}, "refused"},
		"no RESP3":       {redis.NewClient(&redis.Options{Addr: old.Addr}), lifetime.NearOptions{}, "RESP3"},
		"no permissions": {redis.NewClient(&redis.Options{Addr: user.Addr, Username: "app", Password: "pw"}), lifetime.NearOptions{}, "NOPERM"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		near, err := lifetime.NewNearCache(ctx, c.client, c.options)
		if err == nil {
			near.Close()
			t.Errorf("%s: no error", name)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
		cancel()
		c.client.Close()
	}
}
