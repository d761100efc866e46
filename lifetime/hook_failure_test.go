package lifetime

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/test/rig"
)

// A blocking move may take longer than a reply of a pipeline.
func TestABlockingMoveWaitsAsLongAsItSays(t *testing.T) {
	server := rig.Redis(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr, ReadTimeout: 50 * time.Millisecond, MaxRetries: -1})
	defer client.Close()
	client.AddHook(WithDefaultTTL(policyFor(t, PolicyOptions{}, Rule{Match: "*", Mode: Apply, Default: time.Hour})))
	other := clientOf(t, server.Addr, 0)
	ctx := t.Context()
	if err := client.BLMove(ctx, "from", "to", "left", "right", 300*time.Millisecond).Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("nothing to move: %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- client.BLMove(ctx, "from", "to", "left", "right", time.Minute).Err() }()
	rig.Eventually(t, "the move waits", func() bool {
		other.RPush(ctx, "from", "v")
		return len(done) == 1
	})
	if err := <-done; err != nil {
		t.Error(err)
	}
	if ttl := other.TTL(ctx, "to").Val(); ttl <= 0 {
		t.Errorf("what was moved to has a TTL of %v", ttl)
	}
}

func TestErrorsOfTheConnectionAreTheCallers(t *testing.T) {
	server := rig.Redis(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr, MaxRetries: -1, ContextTimeoutEnabled: true, DialTimeout: time.Second})
	defer client.Close()
	var seen []Violation
	client.AddHook(WithDefaultTTL(policyFor(t, PolicyOptions{OnViolation: func(_ context.Context, v Violation) { seen = append(seen, v) }},
		Rule{Match: "*", Mode: Apply, Default: time.Hour})))
	sends := map[string]func(ctx context.Context) error{
		"SET":  func(ctx context.Context) error { return client.Set(ctx, "s", "v", 0).Err() },
		"HSET": func(ctx context.Context) error { return client.HSet(ctx, "h", "f", "v").Err() },
		"a pipeline": func(ctx context.Context) error {
			_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error { p.HSet(ctx, "h", "f", "v"); p.Set(ctx, "s", "v", 0); return nil })
			return err
		},
		"a transaction": func(ctx context.Context) error {
			_, err := client.TxPipelined(ctx, func(p redis.Pipeliner) error { p.HSet(ctx, "h", "f", "v"); return nil })
			return err
		},
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, send := range sends {
		if err := send(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, canceled: %v", name, err)
		}
	}
	// A server that accepts and never answers: CLIENT PAUSE holds all commands.
	server.Must(t, "CLIENT", "PAUSE", "100000")
	for name, send := range sends {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		err := send(ctx)
		cancel()
		var timeout net.Error
		if !errors.Is(err, context.DeadlineExceeded) && !(errors.As(err, &timeout) && timeout.Timeout()) {
			t.Errorf("%s, past its deadline: %v", name, err)
		}
	}
	server.Kill()
	for name, send := range sends {
		var network net.Error
		if err := send(t.Context()); !errors.As(err, &network) {
			t.Errorf("%s, to a server that is gone: %v", name, err)
		}
	}
	if len(seen) != 0 {
		t.Errorf("reported: %v", seen)
	}
}

func TestPolicyAndAnchorOverAFailover(t *testing.T) {
	watched := rig.RedisSentinel(t, 1)
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: watched.Master, SentinelAddrs: watched.Addrs(), MaxRetries: -1})
	defer client.Close()
	Govern(client, policyFor(t, PolicyOptions{}, Rule{Match: "*", Mode: Apply, Default: time.Hour}))
	ctx := t.Context()
	if err := client.HSet(ctx, "before", "f", "v").Err(); err != nil {
		t.Fatal(err)
	}
	a, err := NewAnchor(ctx, client, AnchorOptions{Every: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := client.Wait(ctx, 1, 10*time.Second).Err(); err != nil {
		t.Fatal(err)
	}
	watched.Failover(t)
	rig.Eventually(t, "the new primary takes writes", func() bool { return client.HSet(ctx, "after", "f", "v").Err() == nil })
	for _, key := range []string{"before", "after"} {
		if ttl := client.TTL(ctx, key).Val(); ttl <= 0 {
			t.Errorf("%s has a TTL of %v", key, ttl)
		}
	}
	if err := a.Refresh(ctx); err != nil {
		t.Error(err)
	}
	if off := time.Until(a.Now()).Abs(); off > a.Bound()+time.Second {
		t.Errorf("the Anchor is off by %v", off)
	}
}
