package articles

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

// A margin that is taken off the server's TTL shortens the lock and leaves the holder's belief as it was. It belongs on
// the belief: a holder whose lock is gone knows before it writes, and what it writes carries a number that is too low.
func TestALockKnowsWhenItIsLost(t *testing.T) {
	c := client(t, rig.Redis(t))
	locker, err := lifetime.NewLocker(c, lifetime.LockerOptions{TTL: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer locker.Close()
	lock, err := locker.TryAcquire(t.Context(), "report")
	if err != nil {
		t.Fatal(err)
	}
	if left := lock.Remaining(); left <= 0 || left >= 30*time.Second {
		t.Errorf("the holder believes in %v", left)
	}
	if _, err := locker.TryAcquire(t.Context(), "report"); !errors.Is(err, lifetime.ErrLocked) {
		t.Errorf("a second holder: %v", err)
	}
	// The server loses the lock before its time, as after a clock that was set forward.
	c.Del(t.Context(), lock.Key())
	second, err := locker.TryAcquire(t.Context(), "report")
	if err != nil {
		t.Fatal(err)
	}
	if second.Fence() <= lock.Fence() {
		t.Errorf("fences %d, then %d", lock.Fence(), second.Fence())
	}
	if err := lock.Release(t.Context()); !errors.Is(err, lifetime.ErrLockLost) {
		t.Errorf("the first holder released: %v", err)
	}
	if err := second.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRateLimit(t *testing.T) {
	limit, err := lifetime.NewRateLimit(client(t, rig.Redis(t)), lifetime.RateLimitOptions{Requests: 10, Per: time.Hour, Burst: 10})
	if err != nil {
		t.Fatal(err)
	}
	allowed := 0
	for range 15 {
		result, err := limit.Allow(t.Context(), "user123")
		if err != nil {
			t.Fatal(err)
		}
		if result.Allowed {
			allowed++
		}
	}
	if allowed != 10 {
		t.Errorf("%d of 15 were allowed", allowed)
	}
}

func TestDeadlineWithAMargin(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		c := client(t, s)
		// The same instant whatever the zone it is written in.
		end := time.Date(2096, 7, 1, 5, 30, 0, 0, time.FixedZone("IST", 5*3600+1800))
		c.Set(t.Context(), "promo:summer", "half price", 0)
		if ok, err := lifetime.ExpireAt(end, lifetime.WithMargin(5*time.Second)).Expire(t.Context(), c, "promo:summer"); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if got := c.ExpireTime(t.Context(), "promo:summer").Val(); got != 3991939195*time.Second {
			t.Errorf("ends at %v", got)
		}
		past := lifetime.ExpireAt(time.Date(2025, 4, 1, 0, 0, 0, 0, time.UTC))
		if _, err := past.Expire(t.Context(), c, "promo:summer"); err == nil {
			t.Error("an instant in the past was taken")
		}
		if c.Exists(t.Context(), "promo:summer").Val() != 1 {
			t.Error("the key is gone")
		}
	})
}

func TestAnchor(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		c := client(t, s)
		anchor, err := lifetime.NewAnchor(t.Context(), c, lifetime.AnchorOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer anchor.Close()
		together := anchor.ExpireIn(5 * time.Minute)
		for _, key := range []string{"config:a", "config:b"} {
			if err := together.Set(t.Context(), c, key, "on"); err != nil {
				t.Fatal(err)
			}
		}
		a, b := c.PExpireTime(t.Context(), "config:a").Val(), c.PExpireTime(t.Context(), "config:b").Val()
		if a != b || a <= 0 {
			t.Errorf("the keys end at %v and %v", a, b)
		}
	})
}

// GET and then EXPIRE leave a moment in which the key may go; GETEX does not. The cap is what sliding lacks: a session that is
// used for ever would live for ever.
func TestSlidingSession(t *testing.T) {
	both(t, func(t *testing.T, s *rig.Server) {
		c := client(t, s)
		ctx := context.WithoutCancel(t.Context())
		c.SetEx(ctx, "session:abc", "user_id=123", time.Minute)
		if got, err := c.GetEx(ctx, "session:abc", 30*time.Minute).Result(); got != "user_id=123" || err != nil {
			t.Fatal(got, err)
		}
		if left := c.TTL(ctx, "session:abc").Val(); left < 29*time.Minute {
			t.Errorf("%v left", left)
		}
		if err := c.GetEx(ctx, "session:gone", time.Minute).Err(); !errors.Is(err, redis.Nil) {
			t.Error(err)
		}
	})
}
