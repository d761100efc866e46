package lifetime

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// replacement returns a command of the same type with other arguments, and what copies its result back. The caller's own
// command and its arguments are not changed: they may be sent again, or shared. ok is false for types that SET and EXPIRE
// do not come in.
func replacement(ctx context.Context, cmd redis.Cmder, with words) (r redis.Cmder, copyBack func(), ok bool) {
	switch c := cmd.(type) {
	case *redis.StatusCmd:
		r := redis.NewStatusCmd(ctx, with...)
		return r, func() { c.SetVal(r.Val()); c.SetErr(r.Err()) }, true
	case *redis.BoolCmd:
		r := redis.NewBoolCmd(ctx, with...)
		return r, func() { c.SetVal(r.Val()); c.SetErr(r.Err()) }, true
	case *redis.IntCmd:
		if isSetnx(cmd) {
			return setnxAsInt(ctx, c, with)
		}
		r := redis.NewIntCmd(ctx, with...)
		return r, func() { c.SetVal(r.Val()); c.SetErr(r.Err()) }, true
	case *redis.StringCmd:
		r := redis.NewStringCmd(ctx, with...)
		return r, func() { c.SetVal(r.Val()); c.SetErr(r.Err()) }, !isSetnx(cmd)
	case *redis.Cmd:
		if isSetnx(cmd) {
			return setnxAsAny(ctx, c, with)
		}
		r := redis.NewCmd(ctx, with...)
		return r, func() { c.SetVal(r.Val()); c.SetErr(r.Err()) }, true
	case *redis.RawCmd:
		r := redis.NewRawCmd(ctx, with...)
		return r, func() { c.SetVal(r.Val()); c.SetErr(r.Err()) }, !isSetnx(cmd)
	}
	return nil, nil, false
}

func isSetnx(cmd redis.Cmder) bool { return cmd.Name() == "setnx" }

// setnxAsInt answers SETNX's 1 and 0 where SET's NX says OK and nil. BoolCmd does so by itself.
func setnxAsInt(ctx context.Context, c *redis.IntCmd, with words) (redis.Cmder, func(), bool) {
	r := redis.NewBoolCmd(ctx, with...)
	return r, func() { c.SetVal(oneIf(r.Val())); c.SetErr(r.Err()) }, true
}

func setnxAsAny(ctx context.Context, c *redis.Cmd, with words) (redis.Cmder, func(), bool) {
	r := redis.NewBoolCmd(ctx, with...)
	return r, func() {
		if r.Err() == nil {
			c.SetVal(oneIf(r.Val()))
		}
		c.SetErr(r.Err())
	}, true
}

func oneIf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// written reports whether a SET that was answered did write: NX, XX and the like answer nil or false if not, but with GET
// nil is the old value.
func written(cmd redis.Cmder) bool {
	if b, ok := cmd.(*redis.BoolCmd); ok && !b.Val() {
		return false
	}
	if errors.Is(cmd.Err(), redis.Nil) {
		return words(cmd.Args()).find(3, "GET") >= 0
	}
	return cmd.Err() == nil
}
