// Package fixes has findings that can be fixed without a change of anything else, and others that cannot.
package fixes

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

const ttl = time.Hour

func fixed(ctx context.Context, rdb *redis.Client, id string, d time.Duration) error {
	rdb.Set(ctx, "a", 1, 0) // want `TTL003`
	rdb.Expire(ctx, "a", ttl)

	if err := rdb.Set(ctx, "b", 1, 0).Err(); err != nil { // want `TTL003`
		return err
	}
	rdb.Expire(ctx, "b", d+time.Minute)

	v, err := rdb.Get(ctx, "session:"+id).Result() // want `TTL004`
	if err != nil {
		return err
	}
	rdb.Expire(ctx, "session:"+id, 30*time.Minute)
	_ = v
	return nil
}

func left(ctx context.Context, rdb, other *redis.Client, id string) error {
	rdb.Set(ctx, "a", 1, 0) // want `TTL003`
	later := time.Duration(len(id))
	rdb.Expire(ctx, "a", later)

	rdb.Set(ctx, "b", 1, 0) // want `TTL003`
	other.Expire(ctx, "b", ttl)

	rdb.Set(ctx, "c", 1, 0) // want `TTL003`
	if err := rdb.Expire(ctx, "c", ttl).Err(); err != nil {
		return err
	}

	rdb.Set(ctx, "d", 1, 0) // want `TTL003`
	if id != "" {
		rdb.Expire(ctx, "d", ttl)
	}
	return nil
}
