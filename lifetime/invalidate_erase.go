package lifetime

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// eraseBatch bounds the keys of one command, so that no server is busy with one of them for long.
const eraseBatch = 256

// eraser removes keys on any kind of server, with as few commands as the server takes.
type eraser struct {
	client redis.UniversalClient
	// del: UNLINK is not known or not permitted there. It is learnt from the first refusal, and stays.
	del atomic.Bool
}

// erasure is one command.
type erasure struct {
	keys  []string
	aside bool // its keys are not counted: the caller has not named them
}

// erase removes keys, and returns how many there were. After an error, the other keys are gone all the same.
func (e *eraser) erase(ctx context.Context, keys []string) (removed int64, err error) {
	return e.eraseAll(ctx, e.erasures(keys, false))
}

// eraseCached removes keys that Fetch may have written or be about to write. The leases go first: a load that began
// before then finds no lease, and one that begins in between has read what is new. Both go down the same connection,
// since they share a slot.
func (e *eraser) eraseCached(ctx context.Context, keys []string) (removed int64, err error) {
	leases := make([]string, len(keys))
	for i, key := range keys {
		leases[i] = LeaseKey(key)
	}
	return e.eraseAll(ctx, append(e.erasures(leases, true), e.erasures(keys, false)...))
}

func (e *eraser) eraseAll(ctx context.Context, all []erasure) (removed int64, err error) {
	retry, removed, err := e.send(ctx, all)
	if len(retry) > 0 {
		// One key to a command is taken where several were not: while their slot migrates, or across slots.
		var single []erasure
		for _, r := range retry {
			for i := range r.keys {
				single = append(single, erasure{keys: r.keys[i : i+1], aside: r.aside})
			}
		}
		again, n, err2 := e.send(ctx, single)
		removed += n
		if len(again) > 0 {
			err2 = errors.Join(err2, fmt.Errorf("removing %d keys: the server refused them one by one too", len(again)))
		}
		err = errors.Join(err, err2)
	}
	return removed, err
}

func (e *eraser) erasures(keys []string, aside bool) []erasure {
	var all []erasure
	for _, group := range e.groups(keys) {
		all = append(all, erasure{keys: group, aside: aside})
	}
	return all
}

// groups are the keys that go into one command each.
func (e *eraser) groups(keys []string) [][]string {
	var whole [][]string
	switch e.client.(type) {
	case *redis.Client:
		whole = [][]string{keys}
	case *redis.Ring:
		// A Ring looks at the first key only to choose the server.
		for i := range keys {
			whole = append(whole, keys[i:i+1])
		}
	default:
		whole = bySlot(keys)
	}
	var groups [][]string
	for _, group := range whole {
		for len(group) > eraseBatch {
			groups = append(groups, group[:eraseBatch])
			group = group[eraseBatch:]
		}
		if len(group) > 0 {
			groups = append(groups, group)
		}
	}
	return groups
}

// send sends the commands in one pipeline, and returns those that are worth a second try.
func (e *eraser) send(ctx context.Context, all []erasure) (retry []erasure, removed int64, err error) {
	if len(all) == 0 {
		return nil, 0, nil
	}
	pipe := e.client.Pipeline()
	counts := make([]*redis.IntCmd, len(all))
	for i, one := range all {
		if e.del.Load() {
			counts[i] = pipe.Del(ctx, one.keys...)
		} else {
			counts[i] = pipe.Unlink(ctx, one.keys...)
		}
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	var failed []error
	for i, count := range counts {
		keys := all[i].keys
		n, err := count.Result()
		if !all[i].aside {
			removed += n
		}
		switch {
		case err == nil:
		case count.Name() == "unlink" && refused(err, "unlink"):
			e.del.Store(true)
			retry = append(retry, all[i])
		case len(keys) > 1 && (redis.HasErrorPrefix(err, "TRYAGAIN") || redis.HasErrorPrefix(err, "CROSSSLOT")):
			retry = append(retry, all[i])
		default:
			failed = append(failed, fmt.Errorf("removing %d keys, the first of them %q: %w", len(keys), keys[0], err))
		}
	}
	return retry, removed, errors.Join(failed...)
}
