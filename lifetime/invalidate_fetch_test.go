package lifetime

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/test/rig"
)

// invalidatedDuringLoad fails if a value is stored that was loaded before its key was invalidated.
func invalidatedDuringLoad(t *testing.T, client redis.UniversalClient, key string, invalidate func(keys ...string) (int64, error)) {
	t.Helper()
	ctx := t.Context()
	cache := watchedCache(t, client, CacheOptions{})
	loading, changed := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		_, err := Fetch(ctx, cache, key, time.Minute, func(context.Context) (string, error) {
			close(loading)
			<-changed
			return "old", nil
		})
		done <- err
	}()
	<-loading
	n, err := invalidate(key)
	close(changed)
	if n != 0 || err != nil {
		t.Errorf("%q, while it is loaded: %d, %v; only what was named counts", key, n, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	value, err := Fetch(ctx, cache, key, time.Minute, func(context.Context) (string, error) { return "new", nil })
	want(t, value, err, "new")
	if n, err := invalidate(key, key+":other"); n != 1 || err != nil {
		t.Errorf("%q, at rest: %d, %v", key, n, err)
	}
}

func TestAnInvalidatorStopsLoadsUnderWay(t *testing.T) {
	run := func(t *testing.T, client redis.UniversalClient) {
		i := NewInvalidator(client, InvalidatorOptions{})
		invalidate := func(keys ...string) (int64, error) { return i.Invalidate(t.Context(), keys...) }
		for _, key := range []string{"user:7", "{a}:b", "odd}{", "\x00\xff{"} {
			invalidatedDuringLoad(t, client, key, invalidate)
		}
		if client.XLen(t.Context(), "lifetime:relay").Err() != nil {
			return // Curfew has no streams
		}
		r, err := NewRelay(i, RelayOptions{Region: "eu"})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		invalidatedDuringLoad(t, client, "relayed", func(keys ...string) (int64, error) { return r.Invalidate(t.Context(), keys...) })
	}
	onServers(t, func(t *testing.T, client *redis.Client) { run(t, client) })
	t.Run("cluster", func(t *testing.T) {
		client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: rig.RedisCluster(t, 3, 0).Addrs()})
		t.Cleanup(func() { _ = client.Close() })
		run(t, client)
	})
}

func TestAUserWhoMayNotTouchAKeyMayStillUnlink(t *testing.T) {
	server := rig.Redis(t)
	server.Must(t, "ACL", "SETUSER", "app", "on", ">secret", "~mine:*", "&*", "+@all")
	client := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "app", Password: "secret"})
	t.Cleanup(func() { _ = client.Close() })
	i := NewInvalidator(client, InvalidatorOptions{})
	if _, err := i.Invalidate(t.Context(), "foreign"); !redis.IsPermissionError(err) {
		t.Errorf("a key that is not permitted: %v", err)
	}
	if i.eraser.del.Load() {
		t.Error("keys are removed with DEL from now on")
	}
}
