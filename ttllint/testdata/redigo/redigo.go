// Package redigo writes keys with redigo in the ways that people write them.
package redigo

import (
	"context"
	"time"

	"github.com/gomodule/redigo/redis"
)

const set = "SET"

func strings(ctx context.Context, conn redis.Conn, pool *redis.Pool, id string, fields map[string]string) {
	conn.Do("SET", "session:"+id, "v")                         // want `TTL001: SET of "session:{id}" gives no lifetime`
	conn.Do(set, "a", "v", "NX")                               // want `TTL001: SET of "a"`
	conn.Send("set", "b", "v")                                 // want `TTL001: SET of "b"`
	redis.String(pool.Get().Do("SET", "c", "v"))               // want `TTL001: SET of "c"`
	redis.DoContext(conn, ctx, "SETNX", "d", "v")              // want `TTL001: SETNX of "d"`
	redis.DoWithTimeout(conn, time.Second, "GETSET", "e", "v") // want `TTL001: GETSET of "e"`
	conn.Do("MSET", "f", 1, "g", 2)                            // want `TTL001: MSET of "f", "g"`
	conn.Do("SET", redis.Args{}.Add("h").Add("v")...)          // want `TTL001: SET of "h"`
	conn.Do("HMSET", redis.Args{}.Add("i").AddFlat(fields)...) // want `TTL002: HMSET can create "i"`
	conn.Do("MSET", redis.Args{}.AddFlat(fields)...)           // want `TTL001: MSET of its key`

	conn.Do("SET", "j", "v", "EX", 60)
	conn.Do("SET", "k", "v", "px", 60)
	conn.Do("SET", "l", "v", "KEEPTTL")
	conn.Do("SETEX", "m", 60, "v")
	conn.Do("SET", redis.Args{}.Add("n", "v", "EX", 60)...)
	args := redis.Args{}.Add("o").Add("v").AddFlat(fields)
	conn.Do("SET", args...)
	command := id
	conn.Do(command, "p", "v")
	conn.Do("")
}

func order(conn redis.Conn, key string) {
	conn.Send("HSET", key, "f", "v")
	conn.Send("EXPIRE", key, 60)
	conn.Do("SADD", "s", "m")   // want `TTL002: SADD can create "s"`
	conn.Do("SETNX", "lock", 1) // want `TTL003: SETNX of "lock" gets its lifetime by EXPIRE on line 42: .* give the lifetime to SET by NX and EX`
	conn.Do("EXPIRE", "lock", 60)
	conn.Send("MULTI")
	conn.Send("SET", "atomic", 1)
	conn.Send("EXPIRE", "atomic", 60)
	conn.Do("EXEC")
	conn.Do("GET", "slide") // want `TTL004: GET of "slide"`
	conn.Do("PEXPIRE", "slide", 60)
	conn.Do("KEYS", "*")                                                           // want `TTL007`
	conn.Do("PERSIST", "s2")                                                       // want `TTL006`
	conn.Do("EXPIREAT", "t", time.Now().UnixMilli()+60)                            // want `TTL009`
	conn.Do("EXPIREAT", "u", time.Date(2026, 7, 1, 0, 0, 0, 0, time.Local).Unix()) // want `TTL008`
	conn.Do("EXPIREAT", "v", time.Now().Unix()+60)
}
