package fix

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/sweep"
)

// look finds out what TTL keys have, and whose.
func (f *fixer) look(ctx context.Context, place *sweep.Place, srv *server, items []*item, offset time.Duration) error {
	if len(items) == 0 {
		return nil
	}
	exact := srv.present() == NX && !f.options.DryRun
	left, err := sweep.Each(ctx, place, items, func(ctx context.Context, c redis.UniversalClient, items []*item) ([]sweep.Left[*item], error) {
		cmds := make([]*redis.Cmd, len(items))
		_, _ = c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, it := range items {
				if exact {
					cmds[i] = pipe.Do(ctx, "PEXPIRETIME", it.key)
				} else {
					cmds[i] = pipe.Do(ctx, "PTTL", it.key)
				}
			}
			return nil
		})
		now := time.Now().Add(offset).UnixMilli()
		var left []sweep.Left[*item]
		for i, it := range items {
			found, err := cmds[i].Int64()
			if err != nil {
				left = append(left, sweep.Left[*item]{Item: it, Err: err})
				continue
			}
			if found >= 0 && !exact {
				found += now
			}
			it.outcome = f.judge(place, it, found, exact, offset)
		}
		return left, nil
	})
	if err != nil {
		return err
	}
	fail(place, left)
	return nil
}

// judge tells from the deadline of a key what became of it.
func (f *fixer) judge(place *sweep.Place, it *item, found int64, exact bool, offset time.Duration) outcome {
	switch {
	case found == -2:
		return gone
	case found == -1 && f.options.DryRun:
		return changed
	case found == -1:
		return restless
	case f.options.DryRun:
		return kept
	}
	drift := int64(0)
	if place.Clustered() {
		drift = moveDrift
	}
	ours := it.ours(found, place.Pass, drift)
	at := time.UnixMilli(found - it.ttl).Add(-offset)
	switch {
	// Without the digits, which a PTTL does not show exactly, the time alone has to tell.
	case (ours || !exact) && place.Uncounted.Holds(at):
		it.at = found
		return changed
	case ours && exact && place.Counted.Holds(at):
		return elsewhere
	}
	return kept
}
