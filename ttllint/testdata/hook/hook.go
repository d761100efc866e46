// Package hook has a hook that gives new keys a lifetime.
package hook

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

//ttl:default-ttl-hook every client is made by newClient, which adds the hook

func writes(ctx context.Context, rdb *redis.Client) {
	rdb.Set(ctx, "a", 1, 0)
	rdb.HSet(ctx, "b", "f", 1)
	rdb.MSet(ctx, "c", 1)
	rdb.Keys(ctx, "*")      // want `TTL007`
	rdb.Set(ctx, "d", 1, 0) // want `TTL003`
	rdb.Expire(ctx, "d", time.Hour)
}
