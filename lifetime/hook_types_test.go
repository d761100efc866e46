package lifetime

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/test/rig"
)

// Each type that SET and its like come in must have the value and the error that it has without the hook.
func TestResultsOfEveryTypeAreCopiedBack(t *testing.T) {
	client := clientOf(t, rig.Redis(t).Addr, 0)
	under := clientOf(t, client.Options().Addr, 0)
	under.AddHook(WithDefaultTTL(policyFor(t, PolicyOptions{}, Rule{Match: "*", Mode: Apply, Default: time.Hour, Max: 2 * time.Hour})))
	ctx := t.Context()
	calls := map[string]func(c redis.Cmdable) redis.Cmder{
		"Set":         func(c redis.Cmdable) redis.Cmder { return c.Set(ctx, "new", "v", 0) },
		"SetNX wins":  func(c redis.Cmdable) redis.Cmder { return c.SetNX(ctx, "new", "v", 0) },
		"SetNX loses": func(c redis.Cmdable) redis.Cmder { return c.SetNX(ctx, "s", "v", 0) },
		"SetXX wins":  func(c redis.Cmdable) redis.Cmder { return c.SetXX(ctx, "s", "v", 0) },
		"SetXX loses": func(c redis.Cmdable) redis.Cmder { return c.SetXX(ctx, "new", "v", 0) },
		"SetArgs Get": func(c redis.Cmdable) redis.Cmder { return c.SetArgs(ctx, "s", "v", redis.SetArgs{Get: true}) },
		"SetArgs Get of nothing": func(c redis.Cmdable) redis.Cmder {
			return c.SetArgs(ctx, "new", "v", redis.SetArgs{Get: true})
		},
		"SetArgs NX": func(c redis.Cmdable) redis.Cmder { return c.SetArgs(ctx, "s", "v", redis.SetArgs{Mode: "NX"}) },
		"SetEx":      func(c redis.Cmdable) redis.Cmder { return c.SetEx(ctx, "new", "v", 48*time.Hour) },
		"GetEx":      func(c redis.Cmdable) redis.Cmder { return c.GetEx(ctx, "s", 48*time.Hour) },
		"GetEx none": func(c redis.Cmdable) redis.Cmder { return c.GetEx(ctx, "new", 48*time.Hour) },
		"GetSet":     func(c redis.Cmdable) redis.Cmder { return c.GetSet(ctx, "s", "v") },
		"Expire":     func(c redis.Cmdable) redis.Cmder { return c.Expire(ctx, "s", 48*time.Hour) },
		"ExpireAt":   func(c redis.Cmdable) redis.Cmder { return c.PExpireAt(ctx, "s", time.Now().Add(48*time.Hour)) },
		"MSetNX":     func(c redis.Cmdable) redis.Cmder { return c.MSetNX(ctx, "new", "v", "new2", "v") },
	}
	for name, build := range map[string]func(...any) redis.Cmder{
		"Int":    func(a ...any) redis.Cmder { return redis.NewIntCmd(ctx, a...) },
		"Any":    func(a ...any) redis.Cmder { return redis.NewCmd(ctx, a...) },
		"Bool":   func(a ...any) redis.Cmder { return redis.NewBoolCmd(ctx, a...) },
		"Raw":    func(a ...any) redis.Cmder { return redis.NewRawCmd(ctx, a...) },
		"String": func(a ...any) redis.Cmder { return redis.NewStringCmd(ctx, a...) },
		"Float":  func(a ...any) redis.Cmder { return redis.NewFloatCmd(ctx, a...) }, // not replaced: PEXPIRE goes along
	} {
		for _, args := range [][]any{
			{"SETNX", "new", "v"}, {"SETNX", "s", "v"}, {"SETNX", []byte("new"), 7}, {"set", "new", "v"}, {"SET", "s", "v", "GET"},
			{"expire", "s", 1_000_000}, {"set", "new", "v", []byte("EX"), "1000000"},
		} {
			calls[fmt.Sprint(name, args)] = func(c redis.Cmdable) redis.Cmder {
				cmd := build(args...)
				_ = c.(Processor).Process(ctx, cmd)
				return cmd
			}
		}
	}
	for name, call := range calls {
		for where, send := range map[string]func(c *redis.Client) redis.Cmder{
			"alone": func(c *redis.Client) redis.Cmder { return call(c) },
			"in a pipeline": func(c *redis.Client) redis.Cmder {
				cmds, _ := c.Pipelined(ctx, func(p redis.Pipeliner) error { call(p); return nil })
				return cmds[0]
			},
		} {
			fill(t, client, 0)
			want := send(client)
			fill(t, client, 0)
			got := send(under)
			if g, w := outcome(got, got.Err()), outcome(want, want.Err()); g != w {
				t.Errorf("%s %s:\nwith the hook    %s\nwithout the hook %s", name, where, g, w)
			}
			if ttl := client.TTL(context.Background(), "new").Val(); ttl == -1 || ttl > 2*time.Hour {
				t.Errorf("%s %s: new has a TTL of %v", name, where, ttl)
			}
		}
	}
}
