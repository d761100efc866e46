package lifetime

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A rule for every key meets what the package itself writes: locks of seconds, fences of days, a stream without an end.
func TestPartsBesideAPolicyForEveryKey(t *testing.T) {
	for _, mode := range []Mode{Warn, Apply, Reject} {
		t.Run(mode.String(), func(t *testing.T) {
			onServers(t, func(t *testing.T, client *redis.Client) { partsBesideAPolicy(t, mode, client) })
		})
	}
}

func partsBesideAPolicy(t *testing.T, mode Mode, client *redis.Client) {
	ctx := t.Context()
	var seen []Violation
	Govern(client, policyFor(t,
		PolicyOptions{LogEvery: -1, OnViolation: func(_ context.Context, v Violation) { seen = append(seen, v) }},
		Rule{Match: "*", Mode: mode, Default: time.Hour, Min: time.Hour, Max: 2 * time.Hour}))

	locker, err := NewLocker(client, LockerOptions{TTL: 5 * time.Second, MaxHold: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer locker.Close()
	lock := mustTry(t, locker, "job")
	if err := lock.Extend(ctx); err != nil {
		t.Error("extend:", err)
	}
	limit, err := NewRateLimit(client, RateLimitOptions{Requests: 10, Per: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := limit.Allow(ctx, "user"); err != nil {
		t.Error("limit:", err)
	}
	for _, key := range []string{lock.Key(), "ratelimit:user"} {
		if left := client.PTTL(ctx, key).Val(); left <= 0 || left > 5*time.Second {
			t.Errorf("%s lives %v", key, left)
		}
	}
	if err := lock.Release(ctx); err != nil {
		t.Error("release:", err)
	}

	cache := watchedCache(t, client, CacheOptions{})
	value, err := Fetch(ctx, cache, "value", time.Minute, func(context.Context) (string, error) { return "v", nil })
	want(t, value, err, "v")
	tags := NewTags(client, TagsOptions{})
	if _, err := tags.Fetch(ctx, "page", time.Minute, []string{"a", "b"}, func(context.Context) ([]byte, error) { return nil, nil }); err != nil {
		t.Error("tags:", err)
	}
	if err := tags.InvalidateAll(ctx, "a", "b"); err != nil {
		t.Error("invalidate all:", err)
	}
	for _, key := range []string{"value", "page", "lifetime:tag:a"} {
		if left := client.PTTL(ctx, key).Val(); left <= 0 || left > time.Minute {
			t.Errorf("%s lives %v", key, left)
		}
	}
	if err := useSession(ctx, client); err != nil {
		t.Error("session:", err)
	}
	if client.XLen(ctx, "lifetime:relay").Err() == nil { // Curfew has no streams
		relay, err := NewRelay(NewInvalidator(client, InvalidatorOptions{}), RelayOptions{Region: "eu"})
		if err != nil {
			t.Fatal(err)
		}
		defer relay.Close()
		if _, err := relay.Invalidate(ctx, "value"); err != nil {
			t.Error("relay:", err)
		}
		if left := client.PTTL(ctx, "lifetime:relay").Val(); left != persistent {
			t.Errorf("the stream of a relay ends in %v", left)
		}
	}
	if len(seen) > 0 {
		t.Errorf("reported: %+v", seen)
	}
	// What the caller writes in a load is the caller's.
	_, err = Fetch(ctx, cache, "other", time.Minute, func(ctx context.Context) (string, error) {
		return "", client.Incr(ctx, "mine").Err()
	})
	if len(seen) != 1 || (err != nil) != (mode == Reject) {
		t.Errorf("a write in a load: %v, reported %+v", err, seen)
	}
}

func useSession(ctx context.Context, client *redis.Client) error {
	sessions, err := NewSessions[string](client, SessionOptions{TTL: 10 * time.Minute})
	if err != nil {
		return err
	}
	id, err := sessions.Create(ctx, "a")
	if err != nil {
		return err
	}
	if _, err := sessions.Get(ctx, id); err != nil {
		return err
	}
	if err := sessions.Save(ctx, id, "b"); err != nil {
		return err
	}
	if err := sessions.Update(ctx, id, func(s *string) error { *s = "c"; return nil }); err != nil {
		return err
	}
	if left := client.PTTL(ctx, "session:"+id).Val(); left <= 0 || left > 10*time.Minute {
		return fmt.Errorf("it lives %v", left)
	}
	return nil
}
