package lifetime

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestWhatIsMissingIsAnError(t *testing.T) {
	ctx := t.Context()
	nowhere := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}})
	ring := redis.NewRing(&redis.RingOptions{})
	cache := watchedCache(t, nowhere, CacheOptions{})
	for _, c := range []interface{ Close() error }{nowhere, cluster, ring, cache} {
		defer c.Close()
	}
	onGap := func(context.Context, Gap) error { return nil }
	for what, try := range map[string]func() error{
		"locker": func() error { _, err := NewLocker(nil, LockerOptions{}); return err },
		"limit": func() error {
			_, err := NewRateLimit(nil, RateLimitOptions{Requests: 1, Per: time.Second})
			return err
		},
		"sessions": func() error { _, err := NewSessions[string](nil, SessionOptions{}); return err },
		"near":     func() error { _, err := NewNearCache(ctx, nil, NearOptions{}); return err },
		"relay":    func() error { _, err := NewRelay(nil, RelayOptions{Region: "eu"}); return err },
		"relay's source": func() error {
			_, err := NewRelay(NewInvalidator(nowhere, InvalidatorOptions{}), RelayOptions{
				Region: "eu", OnGap: onGap, Sources: map[string]redis.UniversalClient{"us": nil},
			})
			return err
		},
		"cache": func() error {
			_, err := NewCache(nil, CacheOptions{})
			return err
		},
		"load": func() error { _, err := Fetch[string](ctx, cache, "k", time.Second, nil); return err },
		"tags' load": func() error {
			_, err := NewTags(nowhere, TagsOptions{}).Fetch(ctx, "k", time.Second, nil, nil)
			return err
		},
		"anchor":      func() error { _, err := NewAnchor(ctx, nil, AnchorOptions{}); return err },
		"of cluster":  func() error { _, err := NewAnchor(ctx, cluster, AnchorOptions{}); return err },
		"of ring":     func() error { _, err := NewAnchor(ctx, ring, AnchorOptions{}); return err },
		"clock":       func() error { return ClockSkew(ctx, []ClockNode{{Name: "a"}}, ClockOptions{}).Err() },
		"many clocks": func() error { return ClockSkew(ctx, []ClockNode{{Name: "a", Server: cluster}}, ClockOptions{}).Err() },
	} {
		if err := try(); err == nil || strings.Contains(err.Error(), "panic") {
			t.Errorf("%s: %v", what, err)
		}
	}
	sessions, err := NewSessions[string](nowhere, SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sessions.Update(ctx, "id", nil); err == nil || errors.Is(err, ErrNoSession) {
		t.Error("update:", err)
	}
	defer func() {
		if p := fmt.Sprint(recover()); !strings.Contains(p, "no policy") {
			t.Error("hook:", p)
		}
	}()
	WithDefaultTTL(nil)
}
