// Package goredis writes keys with go-redis in the ways that people write them.
package goredis

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

const noTTL = 0

const day = 24 * time.Hour

var fromConfiguration time.Duration

type store struct {
	rdb redis.UniversalClient
	ttl time.Duration
}

// embedded has the client's methods as its own.
type embedded struct{ *redis.Client }

// cache is an interface that the client satisfies.
type cache interface {
	Set(ctx context.Context, key string, value any, expiration time.Duration) *redis.StatusCmd
}

// memory looks like a client and is none.
type memory struct{}

func (memory) Set(ctx context.Context, key string, value any, expiration time.Duration) error {
	return nil
}

// wrapper gives lifetimes itself.
type wrapper struct{ rdb *redis.Client }

func (w wrapper) Set(ctx context.Context, key string, value any, expiration time.Duration) *redis.StatusCmd {
	return w.rdb.Set(ctx, key, value, max(expiration, day))
}

func (w wrapper) set(ctx context.Context, pipe redis.Pipeliner) *redis.Cmd {
	return pipe.Do(ctx, "SET", "a", 1, "EX", 60)
}

func wrapped(ctx context.Context, w wrapper, pipe redis.Pipeliner) {
	w.Set(ctx, "a", 1, 0)
	w.set(ctx, pipe)
}

func strings(ctx context.Context, rdb *redis.Client, id string, data []byte) {
	rdb.Set(ctx, fmt.Sprintf("session:%s", id), data, 0)     // want `TTL001: SET of "session:{id}" gives no lifetime`
	rdb.Set(ctx, "session:"+id, data, noTTL)                 // want `TTL001: SET of "session:{id}" gives no lifetime`
	rdb.Set(ctx, "a", data, time.Duration(0))                // want `TTL001: SET of "a"`
	rdb.Set(ctx, "b", data, -5*time.Second)                  // want `TTL001: SET of "b"`
	rdb.SetNX(ctx, "c", data, 0)                             // want `TTL001: SET of "c"`
	rdb.SetNX(ctx, "c2", data, redis.KeepTTL)                // want `TTL001: SET of "c2"`
	rdb.SetXX(ctx, "d", data, 0)                             // want `TTL001: SET of "d"`
	rdb.GetSet(ctx, "e", data)                               // want `TTL001: GETSET of "e"`
	rdb.MSet(ctx, "f", 1, "g", 2)                            // want `TTL001: MSET of "f", "g" gives no lifetime, and cannot`
	rdb.MSetNX(ctx, map[string]any{"h": 1})                  // want `TTL001: MSETNX of its key`
	rdb.SetArgs(ctx, "i", data, redis.SetArgs{Mode: "NX"})   // want `TTL001: SET of "i"`
	rdb.SetArgs(ctx, "j", data, redis.SetArgs{TTL: 0})       // want `TTL001: SET of "j"`
	rdb.Restore(ctx, "k", 0, "dump")                         // want `TTL001: RESTORE of "k"`
	rdb.Do(ctx, "SET", "l", data)                            // want `TTL001: SET of "l"`
	rdb.Do(ctx, "set", "l2", data, "NX")                     // want `TTL001: SET of "l2"`
	rdb.SetIFEQ(ctx, "m", data, "old", 0)                    // want `TTL001: SET of "m"`
	if err := rdb.Set(ctx, "n", data, 0).Err(); err != nil { // want `TTL001: SET of "n"`
		return
	}
	rdb. // want `TTL001: SET of "o"`
		Set(
			ctx, "o",
			data,
			0)
}

func lifetimes(ctx context.Context, s store, id string, data []byte) {
	never := time.Duration(0)
	s.rdb.Set(ctx, "a", data, never) // want `TTL001: SET of "a"`
	var zero time.Duration
	s.rdb.Set(ctx, "b", data, zero) // want `TTL001: SET of "b"`
	never2 := noTTL
	s.rdb.Set(ctx, "c", data, time.Duration(never2)) // want `TTL001: SET of "c"`

	var chosen time.Duration
	if id != "" {
		chosen = day
	}
	s.rdb.Set(ctx, "d", data, chosen)
	s.rdb.Set(ctx, "e", data, s.ttl)
	s.rdb.Set(ctx, "f", data, day)
	s.rdb.Set(ctx, "g", data, redis.KeepTTL)
	s.rdb.Set(ctx, "h", data, fromConfiguration)
	s.rdb.SetEx(ctx, "i", data, day)
	s.rdb.SetArgs(ctx, "j", data, redis.SetArgs{TTL: day})
	s.rdb.SetArgs(ctx, "k", data, redis.SetArgs{KeepTTL: true})
	s.rdb.SetArgs(ctx, "l", data, redis.SetArgs{ExpireAt: time.Now().Add(day)})
	args := redis.SetArgs{}
	args.TTL = day
	s.rdb.SetArgs(ctx, "m", data, args)
	s.rdb.Do(ctx, "SET", "n", data, "EX", 60)
	s.rdb.Do(ctx, "SET", "o", data, "keepttl")
	words := []any{"SET", "p", data, "PX", 10}
	s.rdb.Do(ctx, words...)
	s.rdb.Restore(ctx, "q", day, "dump")
	memory{}.Set(ctx, "r", data, 0)
}

func receivers(ctx context.Context, a *redis.ClusterClient, b redis.Cmdable, c redis.Pipeliner, d *redis.Tx, e embedded, f cache, g *redis.Ring) {
	a.Set(ctx, "a", 1, 0) // want `TTL001: SET of "a"`
	b.Set(ctx, "b", 1, 0) // want `TTL001: SET of "b"`
	c.Set(ctx, "c", 1, 0) // want `TTL001: SET of "c"`
	d.Set(ctx, "d", 1, 0) // want `TTL001: SET of "d"`
	e.Set(ctx, "e", 1, 0) // want `TTL001: SET of "e"`
	f.Set(ctx, "f", 1, 0) // want `TTL001: SET of "f"`
	g.Set(ctx, "g", 1, 0) // want `TTL001: SET of "g"`
}

func units(ctx context.Context, rdb *redis.Client) {
	rdb.Set(ctx, "a", 1, 3600)               // want `TTL009: the lifetime 3600 is nanoseconds, .* write 3600\*time.Second`
	rdb.Expire(ctx, "b", 60)                 // want `TTL009: the lifetime 60 is nanoseconds`
	rdb.Set(ctx, "c", 1, 5*time.Microsecond) // want `TTL009: a lifetime of 5µs is below Redis's millisecond`
	rdb.Set(ctx, "d", 1, 5*time.Millisecond)
	rdb.SetArgs(ctx, "e", 1, redis.SetArgs{TTL: 9}) // want `TTL009: the lifetime 9 is nanoseconds`
}
