package lifetime

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/curfewkv/curfew/test/rig"
)

func TestAnInstantIsTheSameInEveryZone(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 7, 1, 5, 30, 0, 0, time.FixedZone("IST", 5*3600+1800)),
		time.Date(2026, 6, 30, 20, 0, 0, 0, time.FixedZone("EDT", -4*3600)),
	} {
		if got := ExpireAt(at).Instant().UnixMilli(); got != 1782864000_000 {
			t.Errorf("%v is %d", at, got)
		}
	}
	// The articles' three midnights.
	for zone, want := range map[*time.Location]int64{
		time.FixedZone("IST", 5*3600+1800): 1782844200, time.FixedZone("JST", 9*3600): 1782831600, time.FixedZone("EST", -5*3600): 1782882000,
	} {
		if got := ExpireAt(time.Date(2026, 7, 1, 0, 0, 0, 0, zone)).Instant().Unix(); got != want {
			t.Errorf("midnight in %v is %d, want %d", zone, got, want)
		}
	}
}

func TestNoKeyOutlivesItsInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-1<<33, 1<<33).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		margin := time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "margin"))
		got := ExpireAt(at, WithMargin(margin)).Instant()
		if late := got.Sub(at.Add(-margin)); late > 0 || late <= -time.Millisecond || got.Nanosecond()%1e6 != 0 {
			t.Fatalf("%v less %v is %v", at, margin, got)
		}
	})
}

func TestAnInstantThatHasPassedIsRefused(t *testing.T) {
	client := clientOf(t, rig.Redis(t).Addr, 0)
	ctx := t.Context()
	now := time.Date(2026, 7, 1, 0, 0, 10, 0, time.UTC)
	clock := WithClock(func() time.Time { return now })
	client.Set(ctx, "k", "v", time.Hour)
	for name, e := range map[string]Expiration{
		"past": ExpireAt(now.Add(-time.Second), clock), "now": ExpireAt(now, clock),
		"within the margin": ExpireAt(now.Add(5*time.Second), clock, WithMargin(5*time.Second)),
	} {
		if _, err := e.Expire(ctx, client, "k"); !errors.Is(err, ErrInPast) {
			t.Errorf("Expire, %s: %v", name, err)
		}
		if err := e.Set(ctx, client, "k", "w"); !errors.Is(err, ErrInPast) {
			t.Errorf("Set, %s: %v", name, err)
		}
	}
	if v := client.Get(ctx, "k").Val(); v != "v" {
		t.Errorf("the key is %q now", v)
	}
	want := `key "k" would end at 2026-07-01T00:00:09.000Z, and it is 2026-07-01T00:00:10Z: the instant has passed`
	if _, err := ExpireAt(now.Add(-time.Second), clock).Expire(ctx, client, "k"); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if _, err := (Expiration{}).Expire(ctx, client, "k"); err == nil {
		t.Error("an Expiration of nothing is an instant")
	}
	past := time.Now().Add(-time.Hour)
	if ok, err := ExpireAt(past, AllowPast()).Expire(ctx, client, "k"); !ok || err != nil || client.Exists(ctx, "k").Val() != 0 {
		t.Errorf("AllowPast did not delete the key: %v, %v", ok, err)
	}
	client.Set(ctx, "k", "v", time.Hour)
	if err := ExpireAt(past, AllowPast()).Set(ctx, client, "k", "w"); err != nil || client.Exists(ctx, "k").Val() != 0 {
		t.Errorf("AllowPast left the key: %v", err)
	}
}

func TestTheServerKeepsTheInstant(t *testing.T) {
	for _, server := range []*rig.Server{rig.Redis(t), rig.Curfew(t)} {
		client := clientOf(t, server.Addr, 0)
		ctx := t.Context()
		at := time.Now().Add(time.Hour).Truncate(time.Second).Add(123_456_789)
		want := at.Add(-5 * time.Second).UnixMilli()
		if err := ExpireAt(at, WithMargin(5*time.Second)).Set(ctx, client, "set", "v"); err != nil {
			t.Fatal(err)
		}
		client.Set(ctx, "expired", "v", 0)
		if ok, err := ExpireAt(at, WithMargin(5*time.Second)).Expire(ctx, client, "expired"); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if ok, err := ExpireAt(at).Expire(ctx, client, "none"); ok || err != nil {
			t.Errorf("%s: a key that is not there: %v, %v", server.Name, ok, err)
		}
		for _, key := range []string{"set", "expired"} {
			if got := client.PExpireTime(ctx, key).Val(); got.Milliseconds() != want {
				t.Errorf("%s: %s ends at %d, want %d", server.Name, key, got.Milliseconds(), want)
			}
		}
		if _, err := client.Pipelined(ctx, func(p redis.Pipeliner) error { return ExpireAt(at).Set(ctx, p, "piped", "v") }); err != nil {
			t.Error(err)
		}
		if client.TTL(context.WithoutCancel(ctx), "piped").Val() <= 0 {
			t.Errorf("%s: no TTL in a pipeline", server.Name)
		}
	}
}
