package lifetime

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// KEYS: bucket. ARGV: rate, size, cost of the request; see bucket.
const spendSource = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local rate, size, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local level, at = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%d+)$')
level, at = tonumber(level or '0'), tonumber(at or '0')
if at > 9007199254740991 then
  level, at = 0, 0
end
level = math.min(level, size)
local elapsed = now - at
if elapsed > 0 then
  if elapsed >= math.ceil(level / rate) then
    level = 0
  else
    level = level - elapsed * rate
  end
end
local over = level + cost - size
if over <= 0 then
  level = level + cost
end
if over <= 0 or elapsed < 0 then
  redis.call('SET', KEYS[1], string.format('%.0f %.0f', level, now), 'PX', math.ceil(level / rate / 1000))
end
if over > 0 then
  return {0, level, math.ceil(over / rate)}
end
return {1, level, 0}
`

var spendScript = redis.NewScript(spendSource)

// ErrContended: a server without scripts was asked about one key by so many at once that this request did not get through.
var ErrContended = errors.New("too many others asked at the same time")

func (r *RateLimit) spend(ctx context.Context, key string, cost int64) (decision, error) {
	ctx = withoutPolicy(ctx)
	if !r.scripts.refused.Load() {
		reply, err := spendScript.Run(ctx, r.client, []string{key}, r.bucket.rate, r.bucket.size, cost).Result()
		if !r.scripts.off(err) {
			if err != nil {
				return decision{}, err
			}
			n, ok := integers(reply, 3)
			if !ok {
				return decision{}, fmt.Errorf("unexpected reply %v", reply)
			}
			return decision{allowed: n[0] == 1, level: n[1], wait: n[2]}, nil
		}
	}
	return r.spendByTransaction(ctx, key, cost)
}

func (r *RateLimit) spendByTransaction(ctx context.Context, key string, cost int64) (d decision, err error) {
	err = watched(ctx, r.client, fewTries, func(tx *redis.Tx) error {
		pipe := tx.Pipeline()
		stored, time := pipe.Get(ctx, key), pipe.Time(ctx)
		if _, err := pipe.Exec(ctx); none(err) != nil {
			return err
		}
		if time.Err() != nil {
			return time.Err()
		}
		now := time.Val().UnixMicro()
		d = r.bucket.spend(r.bucket.parseFill(stored.Val()), now, cost)
		if !d.write {
			return nil
		}
		_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			ms := (r.bucket.drained(d.level) + 999) / 1000
			pipe.Do(ctx, "SET", key, bucketFill{d.level, now}.String(), "PX", ms)
			return nil
		})
		return err
	}, key)
	if errors.Is(err, redis.TxFailedErr) {
		return decision{}, ErrContended
	}
	if err != nil {
		return decision{}, err
	}
	return d, nil
}
