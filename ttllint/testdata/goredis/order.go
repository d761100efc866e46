package goredis

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/redis/go-redis/v9"
)

func collections(ctx context.Context, rdb *redis.Client, id string) {
	rdb.HSet(ctx, "h:"+id, "f", 1)             // want `TTL002: HSET can create "h:{id}", and no EXPIRE of it follows in this function`
	rdb.SAdd(ctx, "s", 1)                      // want `TTL002: SADD can create "s"`
	rdb.LPush(ctx, "l", 1)                     // want `TTL002: LPUSH can create "l"`
	rdb.ZAdd(ctx, "z", redis.Z{})              // want `TTL002: ZADD can create "z"`
	rdb.ZAddNX(ctx, "z2", redis.Z{})           // want `TTL002: ZADD can create "z2"`
	rdb.Incr(ctx, "i")                         // want `TTL002: INCR can create "i"`
	rdb.PFAdd(ctx, "p", 1)                     // want `TTL002: PFADD can create "p"`
	rdb.SUnionStore(ctx, "u", "s", "t")        // want `TTL002: SUNIONSTORE can create "u"`
	rdb.GeoSearchStore(ctx, "from", "to", nil) // want `TTL002: GEOSEARCHSTORE can create "to"`
	rdb.BitOpAnd(ctx, "and", "x", "y")         // want `TTL002: BITOP can create "and"`
	rdb.ZAddXX(ctx, "only-if-there", redis.Z{})
	rdb.LPushX(ctx, "only-if-there", 1)
	rdb.HGet(ctx, "h", "f")
	rdb.SRem(ctx, "s", 1)
}

func followed(ctx context.Context, rdb *redis.Client, id string) error {
	key := fmt.Sprintf("h:%s", id)
	rdb.HSet(ctx, key, "f", 1)
	if err := rdb.Expire(ctx, "h:"+id, time.Hour).Err(); err != nil {
		return err
	}
	rdb.SAdd(ctx, "s", 1)
	rdb.ExpireNX(ctx, "s", time.Hour)
	n, err := rdb.Incr(ctx, "i").Result()
	if err != nil {
		return err
	}
	if n == 1 {
		rdb.PExpire(ctx, "i", time.Second)
	}
	rdb.LPush(ctx, "l", 1) // want `TTL002: LPUSH can create "l"`
	rdb.ExpireGT(ctx, "l", time.Hour)
	rdb.HSet(ctx, "fields", "f", 1)
	rdb.HExpire(ctx, "fields", time.Hour, "f")
	return nil
}

func pipelines(ctx context.Context, rdb *redis.Client, ids []string) {
	rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, id := range ids {
			p.HSet(ctx, "user:"+id, "f", 1)
			p.Expire(ctx, "user:"+id, time.Hour)
			p.HSet(ctx, "shop:"+id, "f", 1) // want `TTL002: HSET can create "shop:{id}"`
		}
		p.Set(ctx, "a", 1, 0) // want `TTL003: SET of "a" gets its lifetime by EXPIRE on line 60: .* give the lifetime to SET by EX`
		p.SAdd(ctx, "after", 1)
		p.Expire(ctx, "a", time.Hour)
		return nil
	})
	rdb.Expire(ctx, "after", time.Hour)

	rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, "b", 1, 0)
		p.Expire(ctx, "b", time.Hour)
		p.Get(ctx, "c")
		p.Expire(ctx, "c", time.Hour)
		p.Set(ctx, "d", 1, 0) // want `TTL001: SET of "d"`
		return nil
	})
	tx := rdb.TxPipeline()
	tx.Set(ctx, "e", 1, 0)
	tx.Expire(ctx, "e", time.Hour)
	tx.Exec(ctx)
}

func twoSteps(ctx context.Context, rdb *redis.Client, key string, deadline time.Time) {
	rdb.Set(ctx, key, 1, 0) // want `TTL003: SET of "{key}" gets its lifetime by EXPIREAT on line 81: .* give the lifetime to SET by EXAT`
	rdb.ExpireAt(ctx, key, deadline)

	ok, _ := rdb.SetNX(ctx, "lock", 1, 0).Result() // want `TTL003: SET of "lock" gets its lifetime by EXPIRE`
	if ok {
		rdb.Expire(ctx, "lock", time.Minute)
	}

	rdb.Expire(ctx, "early", time.Minute)
	rdb.Set(ctx, "early", 1, 0) // want `TTL005: EXPIRE of "early" on line 88 comes before SET and is lost: SET drops the lifetime`
	rdb.Expire(ctx, "earlyhash", time.Minute)
	rdb.HSet(ctx, "earlyhash", "f", 1) // want `TTL005: EXPIRE of "earlyhash" on line 90 comes before HSET and does nothing when the key is missing`
	rdb.Expire(ctx, "kept", time.Minute)
	rdb.Set(ctx, "kept", 1, redis.KeepTTL)
}

func sliding(ctx context.Context, rdb *redis.Client, id string) (string, error) {
	v, err := rdb.Get(ctx, "session:"+id).Result() // want `TTL004: GET of "session:{id}", then EXPIRE on line 101: two round trips, and the key can end between them; use GETEX`
	if err != nil {
		return "", err
	}
	rdb.Expire(ctx, "session:"+id, time.Hour)

	rdb.Get(ctx, "refilled")
	rdb.Set(ctx, "refilled", 1, time.Minute)
	rdb.Expire(ctx, "refilled", time.Hour)

	rdb.Get(ctx, "if")
	rdb.ExpireNX(ctx, "if", time.Hour)
	return v, nil
}

func branches(ctx context.Context, rdb *redis.Client, mode int) {
	if mode == 0 {
		rdb.Set(ctx, "a", 1, 0) // want `TTL001: SET of "a"`
	} else {
		rdb.Expire(ctx, "a", time.Hour)
	}
	switch mode {
	case 1:
		rdb.HSet(ctx, "b", "f", 1) // want `TTL002: HSET can create "b"`
	case 2:
		rdb.Expire(ctx, "b", time.Hour)
	}
	if mode == 3 {
		rdb.Set(ctx, "c", 1, 0) // want `TTL001: SET of "c"`
		return
	}
	if mode == 4 {
		rdb.HSet(ctx, "c", "f", 1) // want `TTL002: HSET can create "c"`
		log.Fatal("gone")
	}
	rdb.Expire(ctx, "c", time.Hour)
	first := func() { rdb.Get(ctx, "d") }
	second := func() { rdb.Expire(ctx, "d", time.Hour) }
	first()
	second()
}

func reused(ctx context.Context, rdb *redis.Client, ids []string) {
	key := "a:" + ids[0]
	rdb.SAdd(ctx, key, 1) // want `TTL002: SADD can create "{key}"`
	key = "b:" + ids[1]
	rdb.Expire(ctx, key, time.Hour)
}

func others(ctx context.Context, rdb *redis.Client, cluster *redis.ClusterClient) {
	rdb.Persist(ctx, "a")  // want `TTL006: PERSIST takes the lifetime from "a"`
	rdb.GetEx(ctx, "b", 0) // want `TTL006: GETEX takes the lifetime from "b"`
	rdb.GetEx(ctx, "c", time.Hour)
	rdb.Do(ctx, "GETEX", "d", "PERSIST") // want `TTL006: GETEX takes the lifetime from "d"`
	rdb.Keys(ctx, "user:*")              // want `TTL007: KEYS walks the whole keyspace`
	cluster.Keys(ctx, "*")               // want `TTL007`
	rdb.Do(ctx, "keys", "*")             // want `TTL007`
	rdb.HKeys(ctx, "h")
}

func deadlines(ctx context.Context, rdb *redis.Client, zone *time.Location) {
	rdb.ExpireAt(ctx, "a", time.Date(2026, 7, 1, 0, 0, 0, 0, time.Local)) // want `TTL008: the deadline is made in time.Local`
	end := time.Date(2026, 7, 1, 0, 0, 0, 0, time.Local).Add(time.Hour)
	rdb.PExpireAt(ctx, "b", end) // want `TTL008`
	t, _ := time.ParseInLocation(time.DateOnly, "2026-07-01", time.Local)
	rdb.ExpireAt(ctx, "c", t)
	rdb.SetArgs(ctx, "d", 1, redis.SetArgs{ExpireAt: time.Date(2026, 7, 1, 0, 0, 0, 0, time.Local)}) // want `TTL008`
	rdb.ExpireAt(ctx, "e", time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC))
	rdb.ExpireAt(ctx, "f", time.Date(2026, 7, 1, 0, 0, 0, 0, zone))
	rdb.ExpireAt(ctx, "g", time.Now().Add(time.Hour))
	rdb.Do(ctx, "EXPIREAT", "h", time.Now().UnixMilli()) // want `TTL009: the deadline is in seconds, and UnixMilli is not`
	rdb.Do(ctx, "PEXPIREAT", "i", time.Now().Unix()+60)  // want `TTL009: the deadline is in milliseconds, and Unix is in seconds`
	rdb.Do(ctx, "EXPIREAT", "j", time.Now().Unix()+60)
	rdb.Do(ctx, "SET", "k", 1, "EXAT", time.Date(2026, 7, 1, 0, 0, 0, 0, time.Local).Unix()) // want `TTL008`
	rdb.Do(ctx, "SET", "l", 1, "PXAT", time.Now().UnixMilli()+1000)
}
