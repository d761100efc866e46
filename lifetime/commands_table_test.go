package lifetime

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/test/rig"
)

// things is one key of each type. What the samples read is in here; what they create is called new, new2, ...
const things = `
	SET s 10
	SET s2 abc
	RPUSH l 3 1 2
	HSET h f 1
	SADD st a b
	SADD st2 b c
	ZADD z 1 a 2 b
	XADD x 1-1 f v
	XADD x 1-2 f v
	XGROUP CREATE x g 0
	XREADGROUP GROUP g c COUNT 1 STREAMS x >
	PFADD p a
	GEOADD geo 13 38 pal
	SADD other:gone a`

// samples call every write command of Redis 7.0, most in several ways; a test fails when one of the server's commands
// has none. The words are split at spaces.
const samples = `
	append new v | append s v
	bitfield new set u8 0 7 | bitfield s incrby u8 0 1 | bitfield new get u8 0
	bitop and new s s2 | bitop not s s2 | bitop and new none none
	blmove l new left right 1 | blmove none l left right 0.01
	blmpop 0.01 1 l left | blmpop 0.01 1 none left
	blpop l 0.01 | blpop none 0.01
	brpop l 0.01
	brpoplpush l new 1 | brpoplpush none new 0.01
	bzmpop 0.01 1 z min
	bzpopmax z 0.01
	bzpopmin none 0.01
	copy s new | copy s s2 | copy s s2 replace | copy none new
	decr new | decr s | decr h
	decrby new 3
	del s l none
	expire s 7777 | expire none 7777 | expire s -1 | expire s 7777 nx | expire s x
	expireat s 4102444800 | expireat s 1
	flushall | flushdb
	function|delete none | function|flush | function|load x | function|restore x
	geoadd new 13 38 pal | geoadd s 13 38 pal | geoadd new xx 13 38 pal
	georadius geo 13 38 100 km store new | georadius geo 13 38 100 km storedist new | georadius geo 13 38 100 km
	georadius geo 13 38 100 km count 1 asc store new
	georadiusbymember geo pal 100 km store new | georadiusbymember geo pal 100 km
	geosearchstore new geo fromlonlat 13 38 byradius 100 km
	getdel s | getdel none
	getex s | getex s ex 7777 | getex s persist | getex none persist | getex s pxat 4102444800000
	getset new v | getset s v | getset h v
	hdel h f | hdel h none
	hincrby new f 1 | hincrby h f 1 | hincrby s f 1
	hincrbyfloat new f 1.5
	hmset new f v g w | hmset new f
	hset new f v | hset new f v g w | hset h f v | hset s f v | hset new f
	hsetnx new f v | hsetnx h f v
	incr new | incr s | incr s2
	incrby new 5 | incrby s x
	incrbyfloat new 1.5
	linsert l before 1 x | linsert none before 1 x
	lmove l new left right | lmove none new left right | lmove l l left right
	lmpop 1 l left
	lpop l | lpop none
	lpush new a b | lpush l a | lpush s a
	lpushx l a | lpushx new a
	lrem l 0 1
	lset l 0 x
	ltrim l 0 0
	migrate host 1 none 0 10
	move none 5
	mset new a new2 b | mset s a new b | mset new a b
	msetnx new a new2 b | msetnx s a new b
	persist s | persist none
	pexpire s 7777000 | pexpire none 7777000
	pexpireat s 4102444800000
	pfadd new a | pfadd new | pfadd p a | pfadd s a
	pfdebug encoding p
	pfmerge new p | pfmerge p p
	psetex new 7777000 v | psetex new 0 v | psetex new x v
	rename s new | rename s s2 | rename none new
	renamenx s new | renamenx s s2
	restore new 0 DUMP | restore new 7777000 DUMP | restore new 4102444800000 DUMP absttl | restore s 0 DUMP | restore s 0 DUMP replace
	restore-asking new 0 DUMP
	rpop l
	rpoplpush l new | rpoplpush none new
	rpush new a | rpush l a
	rpushx l a | rpushx new a
	sadd new a b | sadd st a | sadd s a
	sdiffstore new st st2 | sdiffstore st2 st st
	set new v | set s v | set new v nx | set s v nx | set s v xx | set new v xx | set new v get | set s v get | set h v get
	set new v keepttl | set s v keepttl | set new v ex 7777 | set new v px 7777000 | set new v exat 4102444800
	set new v pxat 4102444800000 | set new v ex 7777 nx | set new v ex 0 | set new v nope | set new | set s v keepttl get
	set s v ex | set new v nx xx | set s v get nx
	setbit new 7 1 | setbit s 7 1
	setex new 7777 v | setex new 0 v
	setnx new v | setnx s v | setnx h v | setnx new
	setrange new 3 v | setrange s 0 v | setrange new 0
	sinterstore new st st2
	smove st new a | smove st st2 a | smove st new none
	sort l store new | sort l by none store new | sort l
	spop st 2
	srem st a
	sunionstore new st st2
	swapdb 7 8
	unlink s
	xack x g 1-1
	xadd new 1-1 f v | xadd x 2-1 f v | xadd new nomkstream 1-1 f v | xadd new maxlen 5 1-1 f v
	xautoclaim x g c2 0 0
	xclaim x g c2 0 1-1
	xdel x 1-1
	xgroup|create new g 0 mkstream | xgroup|create new g 0 | xgroup|create x g2 0
	xgroup|createconsumer x g c3
	xgroup|delconsumer x g c
	xgroup|destroy x g
	xgroup|setid x g 0
	xreadgroup group g c count 1 streams x >
	xsetid x 9-9 | xsetid new 9-9
	xtrim x maxlen 1
	zadd new 1 a | zadd z 3 a | zadd new xx 1 a | zadd new incr 1 a | zadd s 1 a
	zdiffstore new 2 z none
	zincrby new 1 a
	zinterstore new 2 z z
	zmpop 1 z min
	zpopmax z
	zpopmin z
	zrangestore new z 0 -1
	zrem z a
	zremrangebylex z - +
	zremrangebyrank z 0 0
	zremrangebyscore z 1 1
	zunionstore new 1 z`

// sampleList is by the name that COMMAND LIST has, group|create for instance.
func sampleList() map[string][][]any {
	all := map[string][][]any{}
	for _, line := range strings.Split(strings.TrimSpace(samples), "\n") {
		for _, sample := range strings.Split(line, " | ") {
			fields := strings.Fields(sample)
			name := fields[0]
			head := strings.Split(name, "|")
			var args []any
			for _, f := range append(head, fields[1:]...) {
				args = append(args, f)
			}
			all[name] = append(all[name], args)
		}
	}
	return all
}

func TestEveryWriteCommandOfTheServerIsInTheTable(t *testing.T) {
	client := clientOf(t, rig.Redis(t).Addr, 0)
	names, err := client.CommandList(t.Context(), &redis.FilterBy{ACLCat: "write"}).Result()
	if err != nil || len(names) < 100 {
		t.Fatalf("%d commands, %v", len(names), err)
	}
	sampled := sampleList()
	for _, name := range names {
		container, _, _ := strings.Cut(name, "|")
		if _, ok := commands[container]; !ok {
			t.Errorf("%s writes and is not in the table of commands", name)
		}
		if len(sampled[name]) == 0 {
			t.Errorf("%s writes and has no sample", name)
		}
	}
	for name := range sampled {
		if !slices.Contains(names, name) {
			t.Errorf("%s has a sample, and is no write command of the server", name)
		}
	}
}

// A key position in the table must agree with what COMMAND GETKEYSANDFLAGS says is written.
func TestTheTableAgreesWithTheServerAboutKeys(t *testing.T) {
	client := clientOf(t, rig.Redis(t).Addr, 0)
	for name, list := range sampleList() {
		for _, args := range list {
			flags, err := client.CommandGetKeysAndFlags(t.Context(), args...).Result()
			if err != nil {
				continue // no keys, or a wrong number of arguments
			}
			var written []string
			for _, k := range flags {
				if slices.ContainsFunc(k.Flags, func(f string) bool { return f == "OW" || f == "RW" }) {
					written = append(written, k.Key)
				}
			}
			container, _, _ := strings.Cut(name, "|")
			c := commands[container]
			if c.touches == nil {
				continue
			}
			for _, k := range c.touches(args) {
				if !slices.Contains(written, k) {
					t.Errorf("%v is said to touch %q, but writes %q", args, k, written)
				}
			}
		}
	}
}

// fill empties the database and makes the things in it, with a TTL or without.
func fill(t testing.TB, client redis.UniversalClient, ttl time.Duration) {
	t.Helper()
	ctx := context.Background()
	if err := client.FlushDB(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.FunctionFlush(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		names := map[string]bool{}
		for _, line := range strings.Split(strings.TrimSpace(things), "\n") {
			var args []any
			for _, f := range strings.Fields(line) {
				args = append(args, f)
			}
			p.Do(ctx, args...)
			names[args[1].(string)] = true
		}
		delete(names, "CREATE")
		delete(names, "GROUP")
		for name := range maps.Keys(names) {
			if ttl > 0 {
				p.Expire(ctx, name, ttl)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func clientOf(t testing.TB, addr string, db int) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: addr, DB: db})
	t.Cleanup(func() { client.Close() })
	return client
}
