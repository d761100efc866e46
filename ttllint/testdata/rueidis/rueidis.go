// Package rueidis writes keys with rueidis in the ways that people write them.
package rueidis

import (
	"context"
	"time"

	"github.com/redis/rueidis"
)

func strings(ctx context.Context, c rueidis.Client, id string, long bool) {
	c.Do(ctx, c.B().Set().Key("session:"+id).Value("v").Build())                     // want `TTL001: SET of "session:{id}" gives no lifetime`
	c.Do(ctx, c.B().Set().Key("a").Value("v").Nx().Build())                          // want `TTL001: SET of "a"`
	c.Do(ctx, c.B().Set().Key("b").Value("v").Nx().Get().Build())                    // want `TTL001: SET of "b"`
	c.Do(ctx, c.B().Setnx().Key("c").Value("v").Build())                             // want `TTL001: SETNX of "c"`
	c.Do(ctx, c.B().Mset().KeyValue().KeyValue("d", "1").KeyValue("e", "2").Build()) // want `TTL001: MSET of "d", "e"`
	c.Do(ctx, c.B().Arbitrary("SET").Keys("f").Args("v").Build())                    // want `TTL001: SET of "f"`
	cmd := c.B().Set().Key("g").Value("v").Build()                                   // want `TTL001: SET of "g"`
	c.Do(ctx, cmd)
	c.Do(ctx, c.B(). // want `TTL001: SET of "h"`
				Set().
				Key("h").
				Value("v").
				Build())

	c.Do(ctx, c.B().Set().Key("i").Value("v").Ex(time.Hour).Build())
	c.Do(ctx, c.B().Set().Key("j").Value("v").ExSeconds(60).Build())
	c.Do(ctx, c.B().Set().Key("k").Value("v").Px(time.Hour).Build())
	c.Do(ctx, c.B().Set().Key("l").Value("v").Exat(time.Now().Add(time.Hour)).Build())
	c.Do(ctx, c.B().Set().Key("m").Value("v").PxatMillisecondsTimestamp(time.Now().UnixMilli()+1000).Build())
	c.Do(ctx, c.B().Set().Key("n").Value("v").Keepttl().Build())
	c.Do(ctx, c.B().Setex().Key("o").Seconds(60).Value("v").Build())
	c.Do(ctx, c.B().Arbitrary("SET").Keys("p").Args("v", "EX", "60").Build())
	open := c.B().Set().Key("q").Value("v")
	if long {
		c.Do(ctx, open.Ex(time.Hour).Build())
	}
}

func order(ctx context.Context, c rueidis.Client, id string) {
	c.DoMulti(ctx,
		c.B().Hset().Key("user:"+id).FieldValue().FieldValue("f", "v").Build(),
		c.B().Expire().Key("user:"+id).Seconds(60).Build(),
		c.B().Sadd().Key("shop:"+id).Member("m").Build(),               // want `TTL002: SADD can create "shop:{id}"`
		c.B().Sunionstore().Destination("union").Key("a", "b").Build(), // want `TTL002: SUNIONSTORE can create "union"`
	)
	c.Do(ctx, c.B().Set().Key("two").Value("v").Build()) // want `TTL003: SET of "two" gets its lifetime by EXPIRE on line 48`
	c.Do(ctx, c.B().Expire().Key("two").Seconds(60).Build())
	c.DoMulti(ctx,
		c.B().Multi().Build(),
		c.B().Set().Key("atomic").Value("v").Build(),
		c.B().Expire().Key("atomic").Seconds(60).Build(),
		c.B().Exec().Build(),
	)
	c.Do(ctx, c.B().Get().Key("slide").Build()) // want `TTL004: GET of "slide", then EXPIRE`
	c.Do(ctx, c.B().Expire().Key("slide").Seconds(60).Build())
	c.DoCache(ctx, c.B().Get().Key("cached").Cache(), time.Minute)
	c.Do(ctx, c.B().Getex().Key("slide2").Ex(time.Hour).Build())
	c.Do(ctx, c.B().Getex().Key("gone").Persist().Build()) // want `TTL006: GETEX takes the lifetime from "gone"`
	c.Do(ctx, c.B().Persist().Key("gone").Build())         // want `TTL006: PERSIST`
	c.Do(ctx, c.B().Keys().Pattern("*").Build())           // want `TTL007`
	c.Do(ctx, c.B().Scan().Cursor(0).Build())
}

func deadlines(ctx context.Context, c rueidis.Client) {
	c.Do(ctx, c.B().Expireat().Key("a").Timestamp(time.Now().UnixMilli()).Build())                               // want `TTL009: the deadline is in seconds`
	c.Do(ctx, c.B().Expireat().Key("b").Timestamp(time.Date(2026, 7, 1, 0, 0, 0, 0, time.Local).Unix()).Build()) // want `TTL008`
	c.Do(ctx, c.B().Set().Key("c").Value("v").ExatTimestamp(time.Now().UnixNano()).Build())                      // want `TTL009`
	c.Do(ctx, c.B().Set().Key("d").Value("v").Ex(60).Build())                                                    // want `TTL009: the lifetime 60 is nanoseconds`
	c.Do(ctx, c.B().Expireat().Key("e").Timestamp(time.Now().Unix()+60).Build())
}
