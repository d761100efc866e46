package lifetime

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/test/rig"
)

// countedConn counts what is written at once, which is what goes out on one round trip.
type countedConn struct {
	net.Conn
	writes *atomic.Int64
}

func (c countedConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

func countedClient(t testing.TB, addr string) (*redis.Client, *atomic.Int64) {
	writes := new(atomic.Int64)
	client := redis.NewClient(&redis.Options{
		Addr: addr, MaxRetries: -1, PipelinePoolSize: -1, DisableIdentity: true,
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			return countedConn{c, writes}, err
		},
	})
	t.Cleanup(func() { client.Close() })
	return client, writes
}

func policyFor(t testing.TB, options PolicyOptions, rules ...Rule) *Policy {
	t.Helper()
	if options.LogEvery == 0 && options.Logger == nil {
		options.LogEvery = -1
	}
	policy, err := NewPolicy(options, rules...)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

func TestThePolicyCostsNoRoundTrip(t *testing.T) {
	server := rig.Redis(t)
	for _, mode := range []Mode{Warn, Apply} {
		client, writes := countedClient(t, server.Addr)
		client.AddHook(WithDefaultTTL(policyFor(t, PolicyOptions{}, Rule{Match: "*", Mode: mode, Default: time.Hour})))
		// A hook that comes later is between ours and the client.
		client.AddHook(WithDefaultTTL(policyFor(t, PolicyOptions{}, Rule{Match: "nothing", Mode: Warn})))
		ctx := t.Context()
		writing := map[string]func(redis.Cmdable) error{
			"SET":   func(c redis.Cmdable) error { return c.Set(ctx, "s", "v", 0).Err() },
			"SETNX": func(c redis.Cmdable) error { return c.SetNX(ctx, "s2", "v", 0).Err() },
			"HSET":  func(c redis.Cmdable) error { return c.HSet(ctx, "h", "f", "v").Err() },
			"MSET":  func(c redis.Cmdable) error { return c.MSet(ctx, "m1", "v", "m2", "v").Err() },
			"EVAL":  func(c redis.Cmdable) error { return c.Eval(ctx, "return 1", []string{"e"}).Err() },
		}
		check := func(where string, c redis.Cmdable) {
			t.Helper()
			for name, write := range writing {
				before := writes.Load()
				if err := write(c); err != nil {
					t.Fatal(err)
				}
				if n := writes.Load() - before; n != 1 {
					t.Errorf("%v: %s %s took %d writes to the connection", mode, name, where, n)
				}
			}
			before := writes.Load()
			if _, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.HSet(ctx, "h2", "f", "v").Err() }); err != nil {
				t.Fatal(err)
			}
			if n := writes.Load() - before; n != 1 {
				t.Errorf("%v: a transaction %s took %d writes to the connection", mode, where, n)
			}
		}
		client.Ping(ctx)
		check("on the client", client)
		conn := client.Conn()
		conn.Ping(ctx)
		check("on a connection", conn)
		conn.Close()
		if err := client.Watch(ctx, func(tx *redis.Tx) error { check("in a Watch", tx); return nil }, "w"); err != nil {
			t.Fatal(err)
		}
	}
}

// A command of a connection must never be sent through the pipeline of another one, whatever is built meanwhile.
func TestChainsAreNotMixedUp(t *testing.T) {
	server := rig.Redis(t)
	hook := WithDefaultTTL(policyFor(t, PolicyOptions{}, Rule{Match: "*", Mode: Apply, Default: time.Hour}))
	var clients []*redis.Client
	for db := range 4 {
		client := clientOf(t, server.Addr, db)
		client.AddHook(hook)
		clients = append(clients, client)
	}
	ctx := t.Context()
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			client := clients[i%len(clients)]
			for range 20 {
				err := client.Watch(ctx, func(tx *redis.Tx) error {
					id := tx.ClientID(ctx).Val()
					// Sent elsewhere, the number would land in the database of another client.
					if err := tx.SAdd(ctx, "db", client.Options().DB).Err(); err != nil {
						return err
					}
					if line := tx.ClientInfo(ctx).Val(); line.ID != id || line.DB != client.Options().DB {
						t.Errorf("client %d of database %d is %+v", id, client.Options().DB, line)
					}
					return nil
				}, "w")
				if err != nil {
					t.Error(err)
				}
				extra := clientOf(t, server.Addr, i%len(clients))
				extra.AddHook(hook)
				if err := extra.SAdd(ctx, "db", i%len(clients)).Err(); err != nil {
					t.Error(err)
				}
				extra.Close()
			}
		})
	}
	wg.Wait()
	for db, client := range clients {
		if members := client.SMembers(ctx, "db").Val(); len(members) != 1 {
			t.Errorf("database %d was written to by %v", db, members)
		}
		if ttl := client.TTL(ctx, "db").Val(); ttl <= 0 {
			t.Errorf("the key of database %d has a TTL of %v", db, ttl)
		}
	}
	if n := len(hook.(*policyHook).chains.building); n != 0 {
		t.Errorf("%d chains are still being built", n)
	}
}

// A hook that is asked for one end only, as by an AutoPipeliner, works with what it has.
func TestAnAutoPipelineIsHeldToThePolicy(t *testing.T) {
	server := rig.Redis(t)
	client := clientOf(t, server.Addr, 0)
	client.AddHook(WithDefaultTTL(policyFor(t, PolicyOptions{}, Rule{Match: "*", Mode: Apply, Default: time.Hour})))
	ctx := t.Context()
	pipeline, err := client.AutoPipeline()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	keys := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	for i, key := range keys {
		wg.Go(func() {
			if i%2 == 0 {
				if err := pipeline.Set(ctx, key, "v", 0).Err(); err != nil {
					t.Error(err)
				}
			} else if n, err := pipeline.HSet(ctx, key, "f", "v").Result(); err != nil || n != 1 {
				t.Errorf("HSET: %d, %v", n, err)
			}
		})
	}
	wg.Wait()
	if err := pipeline.Close(); err != nil {
		t.Error(err)
	}
	for _, key := range keys {
		if ttl := client.TTL(ctx, key).Val(); ttl <= 0 {
			t.Errorf("%s has a TTL of %v", key, ttl)
		}
	}
}
