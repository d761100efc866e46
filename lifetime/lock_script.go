package lifetime

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// KEYS: lock, fencing number. ARGV: token, TTL in ms, TTL of the number in ms.
// The reply is the number, or 0 and for how many ms somebody else has the lock yet.
var seizeScript = redis.NewScript(`
local holder = redis.call('GET', KEYS[1])
local last = tonumber(string.match(redis.call('GET', KEYS[2]) or '', '^%d+$') or '0')
if holder == ARGV[1] then
  return {last, 0} -- a reply was lost, and the client has sent the command again
elseif holder then
  return {0, redis.call('PTTL', KEYS[1])}
end
local time = redis.call('TIME')
local fence = math.max(last + 1, time[1] * 1000000 + time[2])
if fence > 9007199254740991 then
  return redis.error_reply('ERR the fencing number in ' .. KEYS[2] .. ' is beyond 53 bits')
end
redis.call('SET', KEYS[2], string.format('%.0f', fence), 'PX', ARGV[3])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {fence, 0}
`)

// longestFence is the highest number that scripts and JavaScript hold exactly.
const longestFence = 1<<53 - 1

// seize takes a lock on the server: its number, or 0 and how long somebody else has it yet, if that is known.
func (l *Locker) seize(ctx context.Context, key, token string) (fence int64, left time.Duration, err error) {
	ctx = withoutPolicy(ctx)
	if !l.scripts.refused.Load() {
		reply, err := seizeScript.Run(ctx, l.client, []string{key, beside(key, "fence")},
			token, milliseconds(l.options.TTL), milliseconds(fenceTTL)).Result()
		if !l.scripts.off(err) {
			if err != nil {
				return 0, 0, err
			}
			n, ok := integers(reply, 2)
			if !ok {
				return 0, 0, fmt.Errorf("unexpected reply %v", reply)
			}
			return n[0], time.Duration(n[1]) * time.Millisecond, nil
		}
	}
	return l.seizeByTransaction(ctx, key, token)
}

func (l *Locker) seizeByTransaction(ctx context.Context, key, token string) (fence int64, left time.Duration, err error) {
	number := beside(key, "fence")
	err = watched(ctx, l.client, fewTries, func(tx *redis.Tx) error {
		fence, left = 0, 0
		pipe := tx.Pipeline()
		holder, pttl, last, now := pipe.Get(ctx, key), pipe.PTTL(ctx, key), pipe.Get(ctx, number), pipe.Time(ctx)
		if _, err := pipe.Exec(ctx); none(err) != nil {
			return err
		}
		// The pipeline's error is its first one only.
		for _, err := range []error{holder.Err(), pttl.Err(), last.Err(), now.Err()} {
			if none(err) != nil {
				return err
			}
		}
		before, _ := strconv.ParseInt(last.Val(), 10, 64)
		if holder.Val() == token {
			fence = before
			return nil
		}
		if holder.Err() == nil {
			left = max(pttl.Val(), 0)
			return nil
		}
		next := max(before+1, now.Val().UnixMicro())
		if before >= longestFence || next > longestFence {
			return fmt.Errorf("the fencing number in %q is beyond 53 bits", number)
		}
		fence = next
		_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Set(ctx, number, next, fenceTTL)
			pipe.Set(ctx, key, token, l.options.TTL)
			return nil
		})
		return err
	}, key, number)
	if errors.Is(err, redis.TxFailedErr) {
		return 0, 0, nil // others were faster every time
	}
	if err != nil {
		return 0, 0, err
	}
	return fence, left, nil
}
