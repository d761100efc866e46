// Package notes accepts findings by comments.
package notes

import (
	"context"

	"github.com/redis/go-redis/v9"
)

//ttl:durable-keys flags:*,build the release pipeline removes them

func accepted(ctx context.Context, rdb *redis.Client, name string) {
	rdb.Set(ctx, "a", 1, 0) //ttl:durable removed by the nightly job
	//ttl:durable removed by the nightly job
	rdb.Set(ctx, "b", 1, 0)
	// ttl: durable removed by the nightly job
	rdb.HSet(ctx, "c", "f", 1)
	rdb.Set(ctx,
		"d", 1,
		0) //ttl:durable removed by the nightly job
	rdb.Set(ctx, "flags:"+name, 1, 0)
	rdb.Set(ctx, "build", 1, 0)
	//ttl:ignore TTL007 ten keys, in a tool for one person
	rdb.Keys(ctx, "*")
	rdb.Keys(ctx, "*") //ttl:ignore keys,persist ten keys, in a tool for one person
}

func refused(ctx context.Context, rdb *redis.Client, name string) {
	rdb.Set(ctx, "a", 1, 0) //ttl:durable why not // the next line is not accepted
	rdb.Set(ctx, "b", 1, 0) // want `TTL001`
	/* want `TTL010: ttl:durable needs a reason` */ //ttl:durable
	rdb.Set(ctx, "c", 1, 0)                         // want `TTL001`
	/* want `TTL010: ttl:ignore: there is no rule "TTL099"` */ //ttl:ignore TTL099 reason
	/* want `TTL010: ttl:ignore needs a reason` */ //ttl:ignore TTL007
	rdb.Keys(ctx, "*")                             // want `TTL007`
	//ttl:durable is not about the way keys are listed
	rdb.Keys(ctx, "*") // want `TTL007`
	/* want `TTL010: ttl:durabel is unknown` */ //ttl:durabel reason
	// ttl: the lifetime is chosen elsewhere
	rdb.Set(ctx, name+"flags:", 1, 0) // want `TTL001`
	rdb.Set(ctx, name, 1, 0)          // want `TTL001`
}
