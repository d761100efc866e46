package lifetime

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// What a holder does with a key whose value is its token: nothing, if it no longer is.

// KEYS: key. ARGV: token, ms.
var prolongOwnScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`)

// KEYS: key. ARGV: token.
var dropOwnScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
`)

// prolong gives the holder's key a new TTL; false: it is not the holder's.
func prolong(
	ctx context.Context, client redis.UniversalClient, scripts *scripting, key, token string, ttl time.Duration,
) (bool, error) {
	return onOwn(ctx, client, scripts, key, token, prolongOwnScript, func(pipe redis.Pipeliner) {
		pipe.PExpire(ctx, key, ttl)
	}, milliseconds(ttl))
}

// dropOwn deletes the holder's key; false: it is not the holder's.
func dropOwn(ctx context.Context, client redis.UniversalClient, scripts *scripting, key, token string) (bool, error) {
	return onOwn(ctx, client, scripts, key, token, dropOwnScript, func(pipe redis.Pipeliner) { pipe.Del(ctx, key) })
}

// onOwn runs a script with a token and more arguments on a key, or a transaction that does the same.
func onOwn(
	ctx context.Context, client redis.UniversalClient, scripts *scripting, key, token string,
	script *redis.Script, change func(redis.Pipeliner), more ...any,
) (bool, error) {
	ctx = withoutPolicy(ctx)
	if !scripts.refused.Load() {
		n, err := script.Run(ctx, client, []string{key}, append([]any{token}, more...)...).Int()
		if !scripts.off(err) {
			return n == 1, err
		}
	}
	own := false
	err := watched(ctx, client, fewTries, func(tx *redis.Tx) error {
		own = false
		by, err := tx.Get(ctx, key).Result()
		if none(err) != nil || by != token {
			return none(err)
		}
		own = true
		_, err = tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			change(pipe)
			return nil
		})
		return err
	}, key)
	return own && err == nil, err
}
