package lifetime

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/curfewkv/curfew/test/rig"
)

const (
	longTTL    = 5000 * time.Second // of the things
	defaultTTL = 100 * time.Second  // of the policy
)

// ways are how a program can send a command. Each returns the error of the call, beside what is in the command.
var ways = map[string]func(ctx context.Context, c *redis.Client, cmd redis.Cmder) error{
	"alone": func(ctx context.Context, c *redis.Client, cmd redis.Cmder) error { return c.Process(ctx, cmd) },
	"on a connection": func(ctx context.Context, c *redis.Client, cmd redis.Cmder) error {
		conn := c.Conn()
		defer conn.Close()
		return conn.Process(ctx, cmd)
	},
	"in a pipeline": func(ctx context.Context, c *redis.Client, cmd redis.Cmder) error {
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error { return p.Process(ctx, cmd) })
		return err
	},
	"in a transaction": func(ctx context.Context, c *redis.Client, cmd redis.Cmder) error {
		_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Process(ctx, cmd) })
		return err
	},
	"while watching": func(ctx context.Context, c *redis.Client, cmd redis.Cmder) error {
		return c.Watch(ctx, func(tx *redis.Tx) error { return tx.Process(ctx, cmd) }, "watched")
	},
	"watched": func(ctx context.Context, c *redis.Client, cmd redis.Cmder) error {
		return c.Watch(ctx, func(tx *redis.Tx) error {
			_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Process(ctx, cmd) })
			return err
		}, "watched")
	},
	"in a MULTI of its own": func(ctx context.Context, c *redis.Client, cmd redis.Cmder) error {
		conn := c.Conn()
		defer conn.Close()
		if err := conn.Do(ctx, "MULTI").Err(); err != nil {
			return err
		}
		queued := redis.NewRawCmd(ctx, cmd.Args()...)
		if err := conn.Process(ctx, queued); err != nil {
			conn.Do(ctx, "DISCARD")
			cmd.SetErr(err)
			return err
		}
		result, err := conn.Do(ctx, "EXEC").Result()
		cmd.SetErr(err)
		if c, ok := cmd.(*redis.Cmd); ok {
			c.SetVal(result)
		}
		return err
	},
	"in a MULTI in a pipeline": func(ctx context.Context, c *redis.Client, cmd redis.Cmder) error {
		var all []redis.Cmder
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			all = []redis.Cmder{p.Do(ctx, "MULTI"), p.Do(ctx, cmd.Args()...), p.Do(ctx, "EXEC")}
			return nil
		})
		cmd.SetErr(all[2].Err())
		if c, ok := cmd.(*redis.Cmd); ok {
			c.SetVal([]any{all[1].(*redis.Cmd).Val(), all[2].(*redis.Cmd).Val()})
		}
		return err
	},
}

// kinds are the types of command that a caller may use; replies are compared as raw bytes, too.
var kinds = map[string]func(ctx context.Context, args ...any) redis.Cmder{
	"any": func(ctx context.Context, args ...any) redis.Cmder { return redis.NewCmd(ctx, args...) },
	"raw": func(ctx context.Context, args ...any) redis.Cmder { return redis.NewRawCmd(ctx, args...) },
}

func outcome(cmd redis.Cmder, err error) string {
	var value any
	if v := reflect.ValueOf(cmd).MethodByName("Val"); v.IsValid() {
		value = v.Call(nil)[0].Interface()
	}
	if b, ok := value.([]byte); ok {
		value = string(b)
	}
	return fmt.Sprintf("%q, its error %v, the call's %v", fmt.Sprint(value), cmd.Err(), err)
}

// deadlines is PTTL of all keys.
func deadlines(t testing.TB, client redis.UniversalClient, keys []string) map[string]time.Duration {
	t.Helper()
	all := map[string]time.Duration{}
	for _, key := range keys {
		ttl, err := client.PTTL(context.Background(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		all[key] = ttl
	}
	return all
}

// TestNoWriteLeavesAKeyWithoutTTL is the table that the policy is judged by: every write command of the server, sent in
// every way, with and without the hook, on keys that have a TTL and on keys that have none.
func TestNoWriteLeavesAKeyWithoutTTL(t *testing.T) {
	server := rig.Redis(t, "--databases", "16")
	policy, err := NewPolicy(PolicyOptions{LogEvery: -1, Exempt: []string{"other:*"}}, Rule{Match: "*", Mode: Apply, Default: defaultTTL})
	if err != nil {
		t.Fatal(err)
	}
	plain := clientOf(t, server.Addr, 0)
	under := clientOf(t, server.Addr, 0)
	under.AddHook(WithDefaultTTL(policy))

	left, paths := 0, 0
	for wayName, way := range ways {
		for kindName, kind := range kinds {
			if kindName == "raw" && strings.HasPrefix(wayName, "in a MULTI") {
				continue // what EXEC answers is compared in another type
			}
			for _, ttl := range []time.Duration{longTTL, 0} {
				run := differential{plain, under, way, kind, ttl}
				for _, list := range sampleList() {
					for _, args := range list {
						paths++
						left += run.check(t, fmt.Sprintf("%v %s as %s, TTL before %v", args, wayName, kindName, ttl), args)
					}
				}
			}
		}
	}
	if left != 0 {
		t.Errorf("%d of %d paths leave a key without a TTL", left, paths)
	}
	t.Logf("%d paths", paths)
}

type differential struct {
	plain, under *redis.Client
	way          func(context.Context, *redis.Client, redis.Cmder) error
	kind         func(context.Context, ...any) redis.Cmder
	ttl          time.Duration
}

// check runs the command without and with the hook, and returns how many keys it left without a TTL.
func (d differential) check(t *testing.T, what string, args []any) (left int) {
	ctx := context.Background()
	fill(t, d.plain, d.ttl)
	args = withDump(t, d.plain, args)
	want := d.kind(ctx, args...)
	wantOutcome := outcome(want, d.way(ctx, d.plain, want))
	keys, err := d.plain.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	wantTTL := deadlines(t, d.plain, keys)

	fill(t, d.plain, d.ttl)
	given := append([]any{}, args...)
	got := d.kind(ctx, given...)
	if o := outcome(got, d.way(ctx, d.under, got)); o != wantOutcome {
		t.Errorf("%s:\nwith the hook    %s\nwithout the hook %s", what, o, wantOutcome)
	}
	if !reflect.DeepEqual(given, args) || !reflect.DeepEqual(got.Args(), args) {
		t.Errorf("%s: the caller's arguments are %v now", what, got.Args())
	}
	gotTTL := deadlines(t, d.plain, keys)
	name := want.Name()
	touched := map[string]bool{}
	if c := commands[name]; c.touches != nil {
		for _, key := range c.touches(args) {
			touched[key] = true
		}
	}
	for key, ttl := range gotTTL {
		switch before := wantTTL[key]; {
		case ttl == -2:
			t.Errorf("%s: key %s is gone", what, key)
		case before > 0 && (ttl-before).Abs() > time.Minute:
			t.Errorf("%s: key %s has a TTL of %v, without the hook %v", what, key, ttl, before)
		case before == noTTL && ttl == noTTL && (touched[key] || d.ttl > 0):
			if d.unwritten(t, key) {
				continue // a SETNX that lost, say, must not give the other's key a TTL
			}
			t.Errorf("%s: key %s has no TTL", what, key)
			left++
		case before == noTTL && ttl > 0 && !touched[key]:
			t.Errorf("%s: key %s, which it does not write, has a TTL of %v", what, key, ttl)
		case before == noTTL && ttl > 0 && (ttl > defaultTTL || ttl < defaultTTL-time.Minute):
			t.Errorf("%s: key %s has a TTL of %v", what, key, ttl)
		}
	}
	return left
}

// unwritten reports whether the key is as it was before the command. The database is filled anew.
func (d differential) unwritten(t *testing.T, key string) bool {
	after := d.plain.Dump(context.Background(), key).Val()
	fill(t, d.plain, d.ttl)
	return after != "" && after == d.plain.Dump(context.Background(), key).Val()
}

func withDump(t testing.TB, client *redis.Client, args []any) []any {
	given := append([]any{}, args...)
	for i, arg := range given {
		if arg == "DUMP" {
			dump, err := client.Dump(context.Background(), "s").Result()
			if err != nil {
				t.Fatal(err)
			}
			given[i] = dump
		}
	}
	return given
}

// EXPIRE NX of the caller's, in the same pipeline, must find the key as it would without the hook.
func TestTheCallersOwnTTLInAPipelineCounts(t *testing.T) {
	server := rig.Redis(t)
	client := clientOf(t, server.Addr, 0)
	policy, err := NewPolicy(PolicyOptions{LogEvery: -1}, Rule{Match: "*", Mode: Apply, Default: defaultTTL})
	if err != nil {
		t.Fatal(err)
	}
	client.AddHook(WithDefaultTTL(policy))
	ctx := t.Context()
	for name, send := range map[string]func(context.Context, func(redis.Pipeliner) error) ([]redis.Cmder, error){
		"pipeline": client.Pipelined, "transaction": client.TxPipelined,
	} {
		client.FlushDB(ctx)
		cmds, err := send(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, "set", "v", 0)
			p.ExpireNX(ctx, "set", time.Hour)
			p.Incr(ctx, "n")
			p.ExpireNX(ctx, "n", time.Hour)
			p.HSet(ctx, "h", "f", "v")
			p.TTL(ctx, "h")
			p.Set(ctx, "late", "v", time.Hour)
			p.Set(ctx, "late", "v", 0)
			return nil
		})
		if err != nil || len(cmds) != 8 {
			t.Fatalf("%s: %d replies, %v", name, len(cmds), err)
		}
		if !cmds[1].(*redis.BoolCmd).Val() || !cmds[3].(*redis.BoolCmd).Val() {
			t.Errorf("%s: the caller's EXPIRE NX changed nothing", name)
		}
		if ttl := cmds[5].(*redis.DurationCmd).Val(); ttl != -1 {
			t.Errorf("%s: the caller's TTL says %v", name, ttl)
		}
		for key, want := range map[string]time.Duration{"set": time.Hour, "n": time.Hour, "h": defaultTTL, "late": defaultTTL} {
			if ttl := client.TTL(ctx, key).Val(); ttl > want || ttl < want-time.Minute {
				t.Errorf("%s: %s has a TTL of %v, want %v", name, key, ttl, want)
			}
		}
	}
}

// A transaction that is not executed must say so, and set nothing.
func TestAWatchedTransactionStillFails(t *testing.T) {
	server := rig.Redis(t)
	client := clientOf(t, server.Addr, 0)
	other := clientOf(t, server.Addr, 0)
	var seen []Violation
	policy, err := NewPolicy(PolicyOptions{LogEvery: -1, OnViolation: func(_ context.Context, v Violation) { seen = append(seen, v) }},
		Rule{Match: "*", Mode: Apply, Default: defaultTTL})
	if err != nil {
		t.Fatal(err)
	}
	client.AddHook(WithDefaultTTL(policy))
	ctx := t.Context()
	err = client.Watch(ctx, func(tx *redis.Tx) error {
		if err := tx.HGet(ctx, "h", "f").Err(); !errors.Is(err, redis.Nil) {
			return err
		}
		other.Set(ctx, "w", "changed", time.Hour)
		_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.HSet(ctx, "h", "f", "v")
			p.Set(ctx, "s", "v", 0)
			return nil
		})
		return err
	}, "w")
	if !errors.Is(err, redis.TxFailedErr) {
		t.Errorf("got %v", err)
	}
	if n := client.Exists(ctx, "h", "s").Val(); n != 0 || len(seen) != 0 {
		t.Errorf("%d keys were written; reported: %v", n, seen)
	}
	// Writing in a Watch outside of the transaction must stay on the watching connection, or the watch is broken.
	err = client.Watch(ctx, func(tx *redis.Tx) error {
		tx.Do(ctx, "CLIENT", "SETNAME", "watcher")
		if err := tx.HSet(ctx, "w2", "f", "v").Err(); err != nil {
			return err
		}
		return tx.HSet(ctx, "w3", "f", "v").Err()
	}, "w")
	if err != nil {
		t.Error(err)
	}
	if d := client.TTL(ctx, "w2").Val(); d <= 0 {
		t.Errorf("w2 has a TTL of %v", d)
	}
}

// In a batch, a command must find the keys as those before it left them, with and without the hook.
func TestBatchesAnswerAlikeWithAndWithoutTheHook(t *testing.T) {
	server := rig.Redis(t)
	plain, under := clientOf(t, server.Addr, 0), clientOf(t, server.Addr, 0)
	under.AddHook(WithDefaultTTL(policyFor(t, PolicyOptions{}, Rule{Match: "*", Mode: Apply, Default: defaultTTL, Exempt: []string{"new2"}})))
	var all [][]any
	for name, list := range sampleList() {
		// SPOP picks by chance, and the idle time of claims moves on.
		if !strings.HasPrefix(name, "b") && name != "spop" && name != "migrate" {
			all = append(all, list...)
		}
	}
	for _, more := range []string{"ttl new", "ttl s", "pttl new", "rename new new2", "copy new new2", "persist new", "expire new 7777 nx", "expire new 7777 gt", "getex new persist"} {
		var args []any
		for _, f := range strings.Fields(more) {
			args = append(args, f)
		}
		for range 12 {
			all = append(all, args)
		}
	}
	slices.SortFunc(all, func(a, b []any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	fill(t, plain, longTTL)
	for i := range all {
		all[i] = withDump(t, plain, all[i])
	}
	rapid.Check(t, func(r *rapid.T) {
		var batch [][]any
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(all)-1), 1, 8).Draw(r, "commands") {
			batch = append(batch, all[i])
		}
		transaction := rapid.Bool().Draw(r, "transaction")
		send := func(c *redis.Client) (outcomes []string) {
			fill(t, plain, longTTL)
			pipelined := c.Pipelined
			if transaction {
				pipelined = c.TxPipelined
			}
			cmds, err := pipelined(context.Background(), func(p redis.Pipeliner) error {
				for _, args := range batch {
					p.Do(context.Background(), args...)
				}
				return nil
			})
			for _, cmd := range cmds {
				outcomes = append(outcomes, outcome(cmd, err))
			}
			return outcomes
		}
		want := send(plain)
		wantTTL := plain.TTL(context.Background(), "new2").Val()
		got := send(under)
		for i := range want {
			// The remaining time is another millisecond later.
			if name := batch[i][0]; got[i] != want[i] && name != "pttl" {
				r.Errorf("command %d of %v:\nwith the hook    %s\nwithout the hook %s", i, batch, got[i], want[i])
			}
		}
		for _, key := range plain.Keys(context.Background(), "*").Val() {
			ttl := plain.TTL(context.Background(), key).Val()
			if key != "new2" && ttl == -1 {
				r.Errorf("%v leaves %s without a TTL", batch, key)
			}
			if key == "new2" && (ttl == -1) != (wantTTL == -1) {
				r.Errorf("%v leaves the exempt key a TTL of %v, without the hook %v", batch, ttl, wantTTL)
			}
		}
	})
}
