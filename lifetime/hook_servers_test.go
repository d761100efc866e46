package lifetime

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/test/rig"
)

func TestAServerOlderThan7(t *testing.T) {
	old := func(words []string) string {
		switch strings.ToLower(words[0]) {
		case "set":
			return "+OK\r\n"
		case "hset":
			return ":1\r\n"
		case "pexpire":
			if len(words) != 3 {
				return "-ERR wrong number of arguments for 'pexpire' command\r\n"
			}
		}
		return "-ERR unknown command\r\n"
	}
	client := pipeClient(t, old)
	var seen []Violation
	client.AddHook(WithDefaultTTL(policyFor(t, PolicyOptions{OnViolation: func(_ context.Context, v Violation) { seen = append(seen, v) }},
		Rule{Match: "*", Mode: Apply, Default: time.Hour})))
	ctx := t.Context()
	if err := client.Set(ctx, "s", "v", 0).Err(); err != nil || reported(&seen) != "set s defaulted" {
		t.Errorf("SET: %v", err)
	}
	if n, err := client.HSet(ctx, "h", "f", "v").Result(); n != 1 || err != nil {
		t.Errorf("HSET: %d, %v", n, err)
	}
	if len(seen) != 1 || seen[0].Action != Failed || !errors.Is(seen[0].Err, ErrServerTooOld) {
		t.Errorf("reported %+v", seen)
	}
}

// A server may refuse the command itself: then the caller's commands work as before, and the refusal is reported.
func TestARefusedPEXPIRE(t *testing.T) {
	server := rig.Redis(t)
	server.Must(t, "ACL", "SETUSER", "app", "on", "nopass", "~*", "+@all", "-pexpire")
	var seen []Violation
	client := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "app", Password: "x"})
	defer client.Close()
	client.AddHook(WithDefaultTTL(policyFor(t, PolicyOptions{OnViolation: func(_ context.Context, v Violation) { seen = append(seen, v) }},
		Rule{Match: "*", Mode: Apply, Default: time.Hour})))
	ctx := t.Context()
	transaction := func() error {
		_, err := client.TxPipelined(ctx, func(p redis.Pipeliner) error { p.SAdd(ctx, "t", "v"); return nil })
		return err
	}
	// The first transaction cannot know, and must say what happened.
	if err := transaction(); !redis.IsExecAbortError(err) || !strings.Contains(err.Error(), "the server refuses what the policy adds to it: NOPERM") {
		t.Errorf("the first transaction: %v", err)
	}
	if got := reported(&seen); got != "sadd t failed" {
		t.Errorf("the first transaction is reported as %q", got)
	}
	if err := transaction(); err != nil || reported(&seen) != "sadd t failed" {
		t.Errorf("the second transaction: %v", err)
	}
	if n, err := client.HSet(ctx, "h", "f", "v").Result(); n != 1 || err != nil || reported(&seen) != "hset h failed" {
		t.Errorf("HSET: %d, %v", n, err)
	}
	cmds, err := client.Pipelined(ctx, func(p redis.Pipeliner) error { p.Incr(ctx, "n"); p.Incr(ctx, "h"); return nil })
	if err == nil || !strings.HasPrefix(err.Error(), "WRONGTYPE") || cmds[0].Err() != nil {
		t.Errorf("a pipeline: %v, %v", err, cmds)
	}
	seen = nil
	server.Must(t, "ACL", "SETUSER", "app", "+pexpire")
	if n, err := client.HSet(ctx, "h2", "f", "v").Result(); n != 1 || err != nil || reported(&seen) != "hset h2 defaulted" {
		t.Errorf("HSET, permitted again: %d, %v", n, err)
	}
	if err := transaction(); err != nil || reported(&seen) != "sadd t defaulted" {
		t.Errorf("a transaction, permitted again: %v", err)
	}
}

func TestPolicyInACluster(t *testing.T) {
	cluster := rig.RedisCluster(t, 3, 0)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	defer client.Close()
	var mu sync.Mutex
	given := map[string]int{}
	Govern(client, policyFor(t, PolicyOptions{OnViolation: func(_ context.Context, v Violation) {
		mu.Lock()
		defer mu.Unlock()
		given[v.Key]++
	}}, Rule{Match: "*", Mode: Apply, Default: time.Hour}))
	ctx := t.Context()
	var written []string
	for i := range 50 {
		key := fmt.Sprint("k", i)
		written = append(written, "s"+key, "h"+key, "p"+key, "{"+key+"}a", "{"+key+"}b", "{"+key+"}m1", "{"+key+"}m2", "{"+key+"}w")
		client.Set(ctx, "s"+key, "v", 0)
		if n, err := client.HSet(ctx, "h"+key, "f", "v").Result(); n != 1 || err != nil {
			t.Fatalf("HSET: %d, %v", n, err)
		}
		if err := client.MSet(ctx, "{"+key+"}m1", "v", "{"+key+"}m2", "v").Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := client.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.SAdd(ctx, "{"+key+"}a", "v")
			p.SUnionStore(ctx, "{"+key+"}b", "{"+key+"}a")
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := client.Watch(ctx, func(tx *redis.Tx) error {
			_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { p.Incr(ctx, "{"+key+"}w"); return nil })
			return err
		}, "{"+key+"}w"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range 50 {
			p.LPush(ctx, fmt.Sprint("pk", i), "v")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var without []string
	for _, key := range written {
		if client.TTL(ctx, key).Val() <= 0 {
			without = append(without, key)
		}
	}
	if len(without) != 0 {
		t.Errorf("without a TTL: %q", without)
	}
	for _, key := range written {
		if given[key] != 1 {
			t.Errorf("%s was given a TTL %d times", key, given[key])
		}
	}

	key := "{moving}new"
	slot := Slot(key)
	from := cluster.Owner(t, slot)
	to := cluster.Primaries[0]
	if to == from {
		to = cluster.Primaries[1]
	}
	cluster.BeginMigration(t, slot, from, to)
	for _, key := range []string{key, "{moving}2", "{moving}3"} {
		if n, err := client.HSet(ctx, key, "f", "v").Result(); n != 1 || err != nil {
			t.Errorf("HSET in a slot that is moving: %d, %v", n, err)
		}
	}
	cluster.EndMigration(t, slot, to)
	for _, key := range []string{key, "{moving}2", "{moving}3"} {
		if ttl := client.TTL(ctx, key).Val(); ttl <= 0 {
			t.Errorf("%s, written while its slot moved, has a TTL of %v", key, ttl)
		}
	}
}

// With the server's own command policies a ClusterClient splits MSET over the nodes, and cannot do so in a pipeline.
func TestAnMSETOverSeveralNodes(t *testing.T) {
	cluster := rig.RedisCluster(t, 3, 0)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	defer client.Close()
	client.SetCommandInfoResolver(client.NewDynamicResolver())
	Govern(client, policyFor(t, PolicyOptions{}, Rule{Match: "*", Mode: Apply, Default: time.Hour}))
	ctx := t.Context()
	keys := []string{"a", "b", "c", "d"}
	if err := client.MSet(ctx, "a", "1", "b", "2", "c", "3", "d", "4").Err(); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if v, ttl := client.Get(ctx, key).Val(), client.TTL(ctx, key).Val(); v == "" || ttl <= 0 {
			t.Errorf("%s is %q with a TTL of %v", key, v, ttl)
		}
	}
}

func TestClockSkewOfACluster(t *testing.T) {
	cluster := rig.RedisCluster(t, 2, 1)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	defer client.Close()
	// A primary lists a replica to clients once it has replicated something.
	for i := range 100 {
		if err := client.Set(t.Context(), fmt.Sprint(i), "v", time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
	}
	var nodes []ClockNode
	rig.Eventually(t, "all nodes are known", func() bool {
		client.ReloadState(t.Context())
		var err error
		nodes, err = ClusterClockNodes(t.Context(), client)
		return err == nil && len(nodes) == 3
	})
	report := ClockSkew(t.Context(), nodes, ClockOptions{})
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	// All nodes have this host's clock.
	if worst, ok := report.Worst(); !ok || worst.Proven() != 0 {
		t.Errorf("worst is %v", worst)
	}
}

func TestPolicyOnARing(t *testing.T) {
	shards := map[string]string{"a": rig.Redis(t).Addr, "b": rig.Redis(t).Addr}
	ring := redis.NewRing(&redis.RingOptions{Addrs: shards})
	defer ring.Close()
	given := 0
	Govern(ring, policyFor(t, PolicyOptions{OnViolation: func(context.Context, Violation) { given++ }}, Rule{Match: "*", Mode: Apply, Default: time.Hour}))
	ctx := t.Context()
	for i := range 20 {
		key := fmt.Sprint("k", i)
		for _, err := range []error{
			ring.Set(ctx, "s"+key, "v", 0).Err(),
			ring.HSet(ctx, "h"+key, "f", "v").Err(),
			ring.Watch(ctx, func(tx *redis.Tx) error { return tx.Incr(ctx, "w"+key).Err() }, "w"+key),
			func() error {
				_, err := ring.TxPipelined(ctx, func(p redis.Pipeliner) error { p.SAdd(ctx, "t"+key, "v"); return nil })
				return err
			}(),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, prefix := range []string{"s", "h", "w", "t"} {
			if ttl := ring.TTL(ctx, prefix+key).Val(); ttl <= 0 {
				t.Errorf("%s has a TTL of %v", prefix+key, ttl)
			}
		}
	}
	if given != 80 {
		t.Errorf("80 keys were given a TTL %d times", given)
	}
}

func TestPolicyOnCurfew(t *testing.T) {
	client := clientOf(t, rig.Curfew(t).Addr, 0)
	client.AddHook(WithDefaultTTL(policyFor(t, PolicyOptions{}, Rule{Match: "*", Mode: Apply, Default: time.Hour})))
	ctx := t.Context()
	for key, write := range map[string]func(key string) error{
		"set":    func(k string) error { return client.Set(ctx, k, "v", 0).Err() },
		"setnx":  func(k string) error { return client.SetNX(ctx, k, "v", 0).Err() },
		"keep":   func(k string) error { return client.Set(ctx, k, "v", redis.KeepTTL).Err() },
		"getset": func(k string) error { return client.GetSet(ctx, k, "v").Err() },
		"append": func(k string) error { return client.Append(ctx, k, "v").Err() },
		"incr":   func(k string) error { return client.Incr(ctx, k).Err() },
		"float":  func(k string) error { return client.IncrByFloat(ctx, k, 1.5).Err() },
		"range":  func(k string) error { return client.SetRange(ctx, k, 3, "v").Err() },
		"bit":    func(k string) error { return client.SetBit(ctx, k, 7, 1).Err() },
		"mset":   func(k string) error { return client.MSet(ctx, k, "v", k+"2", "v").Err() },
		"msetnx": func(k string) error { return client.MSetNX(ctx, k, "v", k+"2", "v").Err() },
		"rename": func(k string) error { return client.Rename(ctx, "source", k).Err() },
		"copy":   func(k string) error { return client.Copy(ctx, "source", k, 0, false).Err() },
		"getex":  func(k string) error { client.Set(ctx, k, "v", 0); return client.Persist(ctx, k).Err() },
		"tx": func(k string) error {
			_, err := client.TxPipelined(ctx, func(p redis.Pipeliner) error { p.Incr(ctx, k); return nil })
			return err
		},
	} {
		client.Set(ctx, "source", "v", 0)
		if err := write(key); err != nil && !errors.Is(err, redis.Nil) {
			t.Errorf("%s: %v", key, err)
		}
		if ttl := client.TTL(ctx, key).Val(); ttl <= 0 || ttl > time.Hour {
			t.Errorf("%s leaves a TTL of %v", key, ttl)
		}
	}
	var without []string
	for _, key := range client.Keys(ctx, "*").Val() {
		if client.TTL(ctx, key).Val() <= 0 {
			without = append(without, key)
		}
	}
	if len(without) != 0 {
		t.Errorf("without a TTL: %q", without)
	}
}

// A replica, or a server that loads, refuses everything for a while: that is no reason to leave PEXPIRE out later.
func TestARefusalThatPassesIsNotRemembered(t *testing.T) {
	server := rig.Redis(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr, MaxRetries: -1})
	defer client.Close()
	var seen []Violation
	client.AddHook(WithDefaultTTL(policyFor(t, PolicyOptions{OnViolation: func(_ context.Context, v Violation) { seen = append(seen, v) }},
		Rule{Match: "*", Mode: Apply, Default: time.Hour})))
	ctx := t.Context()
	transaction := func() error {
		_, err := client.TxPipelined(ctx, func(p redis.Pipeliner) error { p.SAdd(ctx, "t", "v"); return nil })
		return err
	}
	server.Must(t, "REPLICAOF", "127.0.0.1", "1")
	for name, send := range map[string]func() error{"HSET": func() error { return client.HSet(ctx, "h", "f", "v").Err() }, "a transaction": transaction} {
		if err := send(); err == nil || !(redis.IsReadOnlyError(err) || redis.IsExecAbortError(err)) || strings.Contains(err.Error(), "lifetime") {
			t.Errorf("%s, on a replica: %v", name, err)
		}
	}
	if got := reported(&seen); got != "" {
		t.Errorf("reported: %s", got)
	}
	server.Must(t, "REPLICAOF", "NO", "ONE")
	if err := transaction(); err != nil || reported(&seen) != "sadd t defaulted" {
		t.Errorf("on the primary again: %v", err)
	}
}
