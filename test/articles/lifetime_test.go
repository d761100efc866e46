package articles

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/lifetime/lifetimeprom"
	"github.com/curfewkv/curfew/test/rig"
)

func client(t *testing.T, s *rig.Server) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: s.Addr, ContextTimeoutEnabled: true})
	t.Cleanup(func() { c.Close() })
	return c
}

// The article's code adds up to 15% and takes nothing off; what it prints cannot come from it.
func TestJitterGoesBothWays(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		c, jitter := client(t, s), lifetime.Jitter{Percent: 20}
		shorter, longer := 0, 0
		for i := range 200 {
			key := "product:inventory:" + string(rune('a'+i%26)) + string(rune('a'+i/26))
			ttl := jitter.TTL(600*time.Second, key)
			if ttl < 480*time.Second || ttl > 720*time.Second {
				t.Fatalf("%v", ttl)
			}
			if err := c.Set(t.Context(), key, "50 units", ttl).Err(); err != nil {
				t.Fatal(err)
			}
			if left := c.PTTL(t.Context(), key).Val(); left > ttl || left < ttl-10*time.Second {
				t.Fatalf("%v of %v are left", left, ttl)
			}
			if ttl < 600*time.Second {
				shorter++
			} else {
				longer++
			}
		}
		if shorter < 50 || longer < 50 {
			t.Errorf("%d shorter, %d longer", shorter, longer)
		}
	})
}

// The article's subclass of the client covers SET only, and turns KEEPTTL into an error.
func TestDefaultTTLCoversEveryWrite(t *testing.T) {
	policy, err := lifetime.NewPolicy(lifetime.PolicyOptions{}, lifetime.Rule{
		Match: "session:*", Mode: lifetime.Apply, Default: 24 * time.Hour, Exempt: []string{"session:config"},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, rig.Redis(t))
	c.AddHook(lifetime.WithDefaultTTL(policy))
	ctx := t.Context()
	for key, err := range map[string]error{
		"session:set":    c.Set(ctx, "session:set", "v", 0).Err(),
		"session:hset":   c.HSet(ctx, "session:hset", "field", "v").Err(),
		"session:sadd":   c.SAdd(ctx, "session:sadd", "m").Err(),
		"session:incr":   c.Incr(ctx, "session:incr").Err(),
		"session:mset":   c.MSet(ctx, "session:mset", "v").Err(),
		"session:exat":   c.SetArgs(ctx, "session:exat", "v", redis.SetArgs{ExpireAt: time.Now().Add(time.Hour)}).Err(),
		"session:kept":   errors.Join(c.Set(ctx, "session:kept", "v", time.Hour).Err(), c.Set(ctx, "session:kept", "w", redis.KeepTTL).Err()),
		"session:config": c.Set(ctx, "session:config", "v", 0).Err(),
		"other":          c.Set(ctx, "other", "v", 0).Err(),
	} {
		if err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	for key, want := range map[string]time.Duration{
		"session:set": 24 * time.Hour, "session:hset": 24 * time.Hour, "session:sadd": 24 * time.Hour, "session:incr": 24 * time.Hour,
		"session:mset": 24 * time.Hour, "session:exat": time.Hour, "session:kept": time.Hour, "session:config": -1, "other": -1,
	} {
		if got := c.PTTL(ctx, key).Val(); got > want || want > 0 && got < want-time.Minute || want < 0 && got != want {
			t.Errorf("%s: %v, want %v", key, got, want)
		}
	}
}

// SADD tag, DEL tag with its members: the set goes, its members stay. A tag of the package takes its values along.
func TestATagTakesItsValuesAlong(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		c := client(t, s)
		tags := lifetime.NewTags(c, lifetime.TagsOptions{})
		load := func(context.Context) ([]byte, error) { return []byte("half price"), nil }
		for _, key := range []string{"promo:1", "promo:2"} {
			if _, err := tags.Fetch(t.Context(), key, time.Hour, []string{"promo"}, load); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := tags.Invalidate(t.Context(), "promo"); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"promo:1", "promo:2"} {
			if _, err := tags.Get(t.Context(), key); !errors.Is(err, redis.Nil) {
				t.Errorf("%s after its tag was invalidated: %v", key, err)
			}
		}
	})
}

// The article counts and times what it removes; so does the package, under the same names.
func TestInvalidationIsCounted(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		c, metrics := client(t, s), lifetimeprom.New()
		inv := lifetime.NewInvalidator(c, lifetime.InvalidatorOptions{Region: "eu", Telemetry: lifetime.Telemetry{Metrics: metrics}})
		c.Set(t.Context(), "user:1001", "v", time.Hour) // the TTL is the net under the invalidation
		if n, err := inv.Invalidate(t.Context(), "user:1001", "user:none"); n != 1 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		registry := prometheus.NewRegistry()
		registry.MustRegister(metrics)
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for _, f := range families {
			if strings.HasPrefix(f.GetName(), "redis_invalidation") {
				found += f.GetName() + " " + f.GetMetric()[0].GetLabel()[0].GetValue() + "\n"
			}
		}
		if found != "redis_invalidation_latency eu\nredis_invalidation_total eu\n" {
			t.Error(found)
		}
	})
}

// A popular key: the value is loaded again before its TTL ends, by one caller.
func TestOneCallerLoads(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		cache, err := lifetime.NewCache(client(t, s), lifetime.CacheOptions{Jitter: lifetime.Jitter{Percent: 5}})
		if err != nil {
			t.Fatal(err)
		}
		defer cache.Close()
		var loads atomic.Int64
		failed := make(chan error, 100)
		for range 100 {
			go func() {
				_, err := lifetime.Fetch(t.Context(), cache, "product:42", time.Minute, func(context.Context) (string, error) {
					loads.Add(1)
					return "blue", nil
				})
				failed <- err
			}()
		}
		for range 100 {
			if err := <-failed; err != nil {
				t.Error(err)
			}
		}
		if loads.Load() != 1 {
			t.Errorf("%d loads", loads.Load())
		}
	})
}

// Before an instant is compared across servers, their clocks are.
func TestClocksAreComparedBeforeInstantsAre(t *testing.T) {
	a, b := rig.Redis(t), rig.Curfew(t)
	report := lifetime.ClockSkew(t.Context(), []lifetime.ClockNode{
		{Name: "a", Server: client(t, a)}, {Name: "b", Server: client(t, b)},
	}, lifetime.ClockOptions{})
	if skew, ok := report.Worst(); !ok || skew.Possible() > 5*time.Second {
		t.Errorf("%v", skew)
	}
}

// Keys with one hash tag are in one slot: their removal is one command, which a Cluster does as a whole.
func TestKeysWithOneHashTagGoTogether(t *testing.T) {
	if lifetime.Slot("{user:1001}:profile") != lifetime.Slot("{user:1001}:permissions") {
		t.Error("two slots")
	}
	cluster := rig.RedisCluster(t, 3, 0)
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	defer c.Close()
	keys := []string{"{user:1001}:profile", "{user:1001}:permissions", "user:1", "user:2", "user:3"}
	for _, key := range keys {
		if err := c.Set(t.Context(), key, "v", time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
	}
	inv := lifetime.NewInvalidator(c, lifetime.InvalidatorOptions{})
	if n, err := inv.Invalidate(t.Context(), keys...); n != 5 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// A region hears what was invalidated in another one while it was away.
func TestARegionCatchesUp(t *testing.T) {
	eu, us := client(t, rig.Redis(t)), client(t, rig.Redis(t))
	for _, c := range []*redis.Client{eu, us} {
		c.Set(t.Context(), "price:1", "old", time.Hour)
		c.Set(t.Context(), "price:2", "old", time.Hour)
	}
	open := func(region string, local *redis.Client, other string, source *redis.Client) *lifetime.Relay {
		relay, err := lifetime.NewRelay(
			lifetime.NewInvalidator(local, lifetime.InvalidatorOptions{Region: region}),
			lifetime.RelayOptions{Region: region, Sources: map[string]redis.UniversalClient{other: source}, OnGap: func(context.Context, lifetime.Gap) error { return nil }},
		)
		if err != nil {
			t.Fatal(err)
		}
		return relay
	}
	here, there := open("eu", eu, "us", us), open("us", us, "eu", eu)
	defer here.Close()
	dropped := func(key string) func() bool {
		return func() bool {
			_, err := here.Invalidate(t.Context(), key)
			return err == nil && us.Exists(t.Context(), key).Val() == 0
		}
	}
	rig.Eventually(t, "the other region follows", dropped("price:1"))
	there.Close()
	if _, err := here.Invalidate(t.Context(), "price:2"); err != nil {
		t.Fatal(err)
	}
	back := open("us", us, "eu", eu)
	defer back.Close()
	rig.Eventually(t, "the other region has caught up", func() bool { return us.Exists(t.Context(), "price:2").Val() == 0 })
}
