package lifetime

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/test/rig"
)

func TestFetchLockAndLimitInACluster(t *testing.T) {
	cluster := rig.RedisCluster(t, 3, 0)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	t.Cleanup(func() { _ = client.Close() })
	names := []string{"plain", "{tag}x", "a{tag}", "a}b", "a{b", "foo{}{bar}", "}{", "{}", "日本{語}"}
	for i := range 30 {
		names = append(names, fmt.Sprintf("n%d", i)) // all nodes
	}
	for _, scripts := range []bool{true, false} {
		t.Run(fmt.Sprintf("scripts %v", scripts), func(t *testing.T) {
			c := watchedCache(t, client, CacheOptions{FailClosed: true, Beta: -1})
			l, _ := newTestLocker(t, client, LockerOptions{MaxHold: time.Hour})
			r := newTestLimit(t, client, RateLimitOptions{Requests: 1, Per: time.Hour, Prefix: fmt.Sprintf("limit %v:", scripts)})
			c.leases.scripts.refused.Store(!scripts)
			l.scripts.refused.Store(!scripts)
			r.scripts.refused.Store(!scripts)
			for _, name := range names {
				load, calls := counted()
				for range 2 {
					v, err := Fetch(t.Context(), c, name, time.Hour, load)
					want(t, v, err, "v1")
				}
				if err := c.Invalidate(t.Context(), name); err != nil {
					t.Errorf("%q: %v", name, err)
				}
				if _, err := Fetch(t.Context(), c, name, time.Hour, load); err != nil || calls.Load() != 2 {
					t.Errorf("%q: %v after %d loads", name, err, calls.Load())
				}
				_ = c.Invalidate(t.Context(), name)
				lock := mustTry(t, l, name)
				if err := lock.Extend(t.Context()); err != nil {
					t.Errorf("%q: %v", name, err)
				}
				if _, err := l.TryAcquire(t.Context(), name); !errors.Is(err, ErrLocked) {
					t.Errorf("%q: %v", name, err)
				}
				if err := lock.Release(t.Context()); err != nil {
					t.Errorf("%q: %v", name, err)
				}
				for i := range 2 {
					if got, err := r.Allow(t.Context(), name); err != nil || got.Allowed != (i == 0) {
						t.Errorf("%q: %+v, %v", name, got, err)
					}
				}
			}
		})
	}
}

func TestFetchWhileASlotMigrates(t *testing.T) {
	cluster := rig.RedisCluster(t, 2, 0)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	t.Cleanup(func() { _ = client.Close() })
	c := watchedCache(t, client, CacheOptions{Beta: -1, OnError: func(key string, err error) { t.Logf("%s: %v", key, err) }})
	there, moved, missing := "{slot}there", "{slot}moved", "{slot}missing"
	value := func(v string) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { return v, nil }
	}
	for _, key := range []string{there, moved} {
		v, err := Fetch(t.Context(), c, key, time.Hour, value("old"))
		want(t, v, err, "old")
	}
	slot := Slot("slot")
	from := cluster.Owner(t, slot)
	to := cluster.Primaries[0]
	if to == from {
		to = cluster.Primaries[1]
	}
	cluster.BeginMigration(t, slot, from, to)
	cluster.MoveKeys(t, from, to, moved)
	for _, key := range []string{there, moved} {
		v, err := Fetch(t.Context(), c, key, time.Hour, value("new"))
		want(t, v, err, "old")
	}
	v, err := Fetch(t.Context(), c, missing, time.Hour, value("direct"))
	want(t, v, err, "direct")
	if c.count(fetchHit) != 2 {
		t.Errorf("%d hits", c.count(fetchHit))
	}
	for _, key := range []string{there, moved, missing} {
		if err := c.Invalidate(t.Context(), key); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	cluster.EndMigration(t, slot, to)
	for _, key := range []string{there, moved, missing} {
		for _, load := range []string{"new", "none"} {
			v, err := Fetch(t.Context(), c, key, time.Hour, value(load))
			want(t, v, err, "new")
		}
	}
}

func TestFetchAndLockThroughASentinelFailover(t *testing.T) {
	sentinel := rig.RedisSentinel(t, 1, "--repl-diskless-sync-delay", "0")
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: sentinel.Master, SentinelAddrs: sentinel.Addrs()})
	t.Cleanup(func() { _ = client.Close() })
	c := watchedCache(t, client, CacheOptions{Beta: -1, OnError: func(key string, err error) { t.Logf("%s: %v", key, err) }})
	l, _ := newTestLocker(t, client, LockerOptions{TTL: time.Minute})
	load, _ := counted()
	v, err := Fetch(t.Context(), c, "k", time.Hour, load)
	want(t, v, err, "v1")
	before := mustTry(t, l, "x")
	if err := before.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	sentinel.Failover(t)
	// Nobody is refused meanwhile: who cannot be served from the cache is served from the origin.
	eventually(t, "the cache is in use again", func() bool {
		if _, err := Fetch(t.Context(), c, "k", time.Hour, load); err != nil {
			t.Fatalf("during the failover: %v", err)
		}
		return c.count(fetchHit) > 0
	})
	var after *Lock
	eventually(t, "the lock can be taken", func() bool {
		after, err = l.TryAcquire(t.Context(), "x")
		return err == nil
	})
	if after.Fence() <= before.Fence() {
		t.Errorf("number %d after %d", after.Fence(), before.Fence())
	}
}
