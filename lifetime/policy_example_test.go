package lifetime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

// exampleT is what an example, which has no testing.T, starts its server with.
type exampleT struct {
	testing.TB
	cleanups []func()
}

func (t *exampleT) Helper()                   {}
func (t *exampleT) Failed() bool              { return false }
func (t *exampleT) Logf(string, ...any)       {}
func (t *exampleT) Cleanup(f func())          { t.cleanups = append(t.cleanups, f) }
func (t *exampleT) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

func (t *exampleT) TempDir() string {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// exampleRedis starts a redis-server for an example, and returns a client of it and what ends both.
func exampleRedis() (client *redis.Client, end func()) {
	t := &exampleT{}
	client = redis.NewClient(&redis.Options{Addr: rig.Redis(t).Addr})
	return client, func() {
		client.Close()
		for i := len(t.cleanups) - 1; i >= 0; i-- {
			t.cleanups[i]()
		}
	}
}

func ExampleWithDefaultTTL() {
	client, end := exampleRedis()
	defer end()
	ctx := context.Background()

	policy, err := lifetime.NewPolicy(lifetime.PolicyOptions{LogEvery: -1},
		lifetime.Rule{Match: "session:*", Mode: lifetime.Apply, Default: 30 * time.Minute, Max: 24 * time.Hour, Exempt: []string{"session:signing-key"}},
		lifetime.Rule{Match: "audit:*", Mode: lifetime.Reject},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	client.AddHook(lifetime.WithDefaultTTL(policy))

	client.Set(ctx, "session:1", "ada", 0)                // no TTL: it gets 30 minutes
	client.HSet(ctx, "session:2", "user", "grace")        // HSET could not even say one
	client.Set(ctx, "session:3", "alan", 48*time.Hour)    // too long
	client.Set(ctx, "session:4", "edsger", time.Minute)   // its own business
	client.Set(ctx, "session:signing-key", "secret", 0)   // durable by decision
	fmt.Println(client.Set(ctx, "audit:1", "x", 0).Err()) // is not sent

	for _, key := range []string{"session:1", "session:2", "session:3", "session:4", "session:signing-key"} {
		fmt.Println(key, client.TTL(ctx, key).Val().Round(time.Minute))
	}
	// Output:
	// lifetime: TTLREQUIRED key 'audit:1' needs an expiration (policy audit:*)
	// session:1 30m0s
	// session:2 30m0s
	// session:3 24h0m0s
	// session:4 1m0s
	// session:signing-key 0s
}

// A policy begins as a warning: what it finds is what Apply would change.
func ExampleNewPolicy_warn() {
	client, end := exampleRedis()
	defer end()
	ctx := context.Background()

	policy, err := lifetime.NewPolicy(lifetime.PolicyOptions{
		LogEvery: -1,
		OnViolation: func(_ context.Context, v lifetime.Violation) {
			fmt.Printf("%s by %s: %s (%s)\n", v.Key, v.Command, v.Action, v.Rule)
		},
	}, lifetime.Rule{Match: "*", Mode: lifetime.Warn})
	if err != nil {
		fmt.Println(err)
		return
	}
	client.AddHook(lifetime.WithDefaultTTL(policy))

	client.Incr(ctx, "visits")
	client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Incr(ctx, "visits:today")
		p.Expire(ctx, "visits:today", 24*time.Hour)
		return nil
	})
	client.Eval(ctx, "redis.call('SET', KEYS[1], 1)", []string{"made:by:script"})
	fmt.Println(client.TTL(ctx, "visits").Val() == -1)
	// Output:
	// visits by incr: warned (*)
	// made:by:script by eval: script (*)
	// true
}

func ExampleViolationError() {
	policy, err := lifetime.NewPolicy(lifetime.PolicyOptions{}, lifetime.Rule{Match: "session:*", Mode: lifetime.Reject})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := redis.NewClient(&redis.Options{Addr: "localhost:0"})
	defer client.Close()
	client.AddHook(lifetime.WithDefaultTTL(policy))

	// Nothing is sent, so no server is needed to see this.
	err = client.SAdd(context.Background(), "session:9:roles", "admin").Err()
	var violation *lifetime.ViolationError
	if errors.As(err, &violation) {
		fmt.Println(violation.Command, violation.Key, violation.Rule)
	}
	// Output: sadd session:9:roles session:*
}

func ExampleJitter() {
	spread := lifetime.Jitter{Percent: 15, PerKey: true}
	shortest, longest := time.Hour, time.Duration(0)
	for i := range 10_000 {
		ttl := spread.TTL(10*time.Minute, fmt.Sprint("product:", i))
		shortest, longest = min(shortest, ttl), max(longest, ttl)
	}
	fmt.Println(shortest.Round(time.Second), "to", longest.Round(time.Second))
	fmt.Println(spread.TTL(10*time.Minute, "product:1") == spread.TTL(10*time.Minute, "product:1"))
	// Output:
	// 8m30s to 11m30s
	// true
}

func ExampleExpireAt() {
	client, end := exampleRedis()
	defer end()
	ctx := context.Background()
	// The promotion ends at midnight in Kolkata, on whatever host this runs.
	kolkata := time.FixedZone("IST", 5*3600+1800)
	ends := time.Date(2099, 7, 1, 0, 0, 0, 0, kolkata)
	if err := lifetime.ExpireAt(ends).Set(ctx, client, "promo", "-20%"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(time.Unix(int64(client.ExpireTime(ctx, "promo").Val().Seconds()), 0).UTC())

	// Five seconds earlier, in case the server's clock is behind.
	if _, err := lifetime.ExpireAt(ends, lifetime.WithMargin(5*time.Second)).Expire(ctx, client, "promo"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(time.Unix(int64(client.ExpireTime(ctx, "promo").Val().Seconds()), 0).UTC())

	// An instant that has passed would delete the key.
	_, err := lifetime.ExpireAt(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC).AddDate(-20, 0, 0)).Expire(ctx, client, "promo")
	fmt.Println(errors.Is(err, lifetime.ErrInPast))
	// Output:
	// 2099-06-30 18:30:00 +0000 UTC
	// 2099-06-30 18:29:55 +0000 UTC
	// true
}

func ExampleAnchor() {
	client, end := exampleRedis()
	defer end()
	ctx := context.Background()
	anchor, err := lifetime.NewAnchor(ctx, client, lifetime.AnchorOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer anchor.Close()

	// The basket and its items end together, by the server's clock.
	together := anchor.ExpireIn(30 * time.Minute)
	for _, key := range []string{"basket:7", "basket:7:items"} {
		if err := together.Set(ctx, client, key, "..."); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(client.PExpireTime(ctx, "basket:7").Val() == client.PExpireTime(ctx, "basket:7:items").Val())
	// Output: true
}

func ExampleClockSkew() {
	client, end := exampleRedis()
	defer end()
	report := lifetime.ClockSkew(context.Background(), []lifetime.ClockNode{
		{Name: "primary", Server: client},
		{Name: "gone", Server: redis.NewClient(&redis.Options{Addr: "localhost:1", MaxRetries: -1})},
	}, lifetime.ClockOptions{})
	for _, node := range report.Nodes {
		fmt.Println(node.Node, node.Err == nil)
	}
	worst, ok := report.WorstFromHost()
	fmt.Println(ok, worst.Proven() > 5*time.Second)
	// Output:
	// primary true
	// gone false
	// true false
}
