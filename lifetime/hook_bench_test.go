package lifetime

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/test/rig"
)

// BenchmarkHook is what the hook costs in the program itself: the rest of the chain is a function that does nothing.
func BenchmarkHook(b *testing.B) {
	rules := []Rule{{Match: "session:*", Mode: Apply, Default: time.Hour, Jitter: Jitter{Percent: 10}}}
	for i := range 20 {
		rules = append(rules, Rule{Match: fmt.Sprintf("other%d:*", i), Mode: Warn})
	}
	hook := WithDefaultTTL(policyFor(b, PolicyOptions{}, rules...))
	hook.DialHook(nil)
	process := hook.ProcessHook(func(context.Context, redis.Cmder) error { return nil })
	pipeline := hook.ProcessPipelineHook(func(context.Context, []redis.Cmder) error { return nil })
	ctx := b.Context()
	for name, args := range map[string][]any{
		"GET":                {"get", "session:1"},
		"SET with a TTL":     {"set", "session:1", "v", "ex", 60},
		"SET":                {"set", "session:1", "v"},
		"HSET":               {"hset", "session:1", "f", "v"},
		"HSET of no rule":    {"hset", "unruled:1", "f", "v"},
		"SET of another key": {"set", "unruled:1", "v"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			cmd := redis.NewCmd(ctx, args...)
			for b.Loop() {
				_ = process(ctx, cmd)
			}
		})
	}
	b.Run("pipeline of 100 SETs", func(b *testing.B) {
		b.ReportAllocs()
		var cmds []redis.Cmder
		for range 100 {
			cmds = append(cmds, redis.NewStatusCmd(ctx, "set", "session:1", "v"))
		}
		for b.Loop() {
			_ = pipeline(ctx, cmds)
		}
	})
}

// BenchmarkRoundTrip is the same with a server, where the hook adds a command but no round trip.
func BenchmarkRoundTrip(b *testing.B) {
	server := rig.Redis(b)
	plain := clientOf(b, server.Addr, 0)
	under := clientOf(b, server.Addr, 0)
	under.AddHook(WithDefaultTTL(policyFor(b, PolicyOptions{}, Rule{Match: "*", Mode: Apply, Default: time.Hour})))
	for name, client := range map[string]*redis.Client{"without": plain, "with the policy": under} {
		for command, do := range map[string]func() error{
			"SET":  func() error { return client.Set(b.Context(), "s", "v", 0).Err() },
			"HSET": func() error { return client.HSet(b.Context(), "h", "f", "v").Err() },
		} {
			b.Run(command+" "+name, func(b *testing.B) {
				for b.Loop() {
					if err := do(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
