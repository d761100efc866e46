package lifetime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

func (l *leases) takeByTransaction(ctx context.Context, w wish) (grant, error) {
	lease := LeaseKey(w.key)
	var g grant
	err := watched(ctx, l.client, fewTries, func(tx *redis.Tx) error {
		pipe := tx.Pipeline()
		head, holder, left := pipe.GetRange(ctx, w.key, 0, headLen-1), pipe.Get(ctx, lease), pipe.PTTL(ctx, lease)
		if _, err := pipe.Exec(ctx); none(err) != nil {
			return err
		}
		// The pipeline's error is its first one only.
		if head.Err() != nil {
			return head.Err()
		}
		if head.Val() != "" && head.Val() != w.seen {
			value, err := tx.Get(ctx, w.key).Bytes()
			if errors.Is(err, redis.Nil) {
				return redis.TxFailedErr // it has just ended: look again
			}
			g = grant{state: leaseChanged, value: value}
			return err
		}
		if by := holder.Val(); by != "" && by != w.token {
			if by != pausedMark {
				g = grant{state: leaseHeld, left: max(left.Val(), 0)}
				return nil
			}
			if w.stale {
				g = grant{state: leasePaused}
				return nil
			}
		}
		g = grant{state: leaseTaken}
		_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Set(ctx, lease, w.token, l.ttl)
			return nil
		})
		return err
	}, w.key, lease)
	if errors.Is(err, redis.TxFailedErr) {
		return grant{state: leaseHeld}, nil // others were faster every time
	}
	if err != nil {
		return grant{}, fmt.Errorf("take the lease on %q: %w", w.key, err)
	}
	return g, nil
}

func (l *leases) commitByTransaction(ctx context.Context, key, token string, value []byte, ttl time.Duration) (bool, error) {
	lease, stored := LeaseKey(key), false
	// Only the lease is watched: whoever else writes the value without it is overwritten, as the script does.
	err := watched(ctx, l.client, fewTries, func(tx *redis.Tx) error {
		stored = false
		by, err := tx.Get(ctx, lease).Result()
		if none(err) != nil || by != token {
			return none(err)
		}
		stored = true
		_, err = tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			if milliseconds(ttl) == 0 {
				pipe.Del(ctx, key)
			} else {
				pipe.Set(ctx, key, value, ttl)
			}
			pipe.Del(ctx, lease)
			return nil
		})
		return err
	}, lease)
	if err != nil {
		return false, fmt.Errorf("store %q: %w", key, err)
	}
	return stored, nil
}
