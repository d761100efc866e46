package lifetime

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

// erase removes keys, and returns how many there were. After an error, the other keys are gone all the same.
func (e *eraser) erase(ctx context.Context, keys []string) (removed int64, err error) {
	refused, removed, err := e.send(ctx, e.groups(keys))
	if len(refused) > 0 {
		// One key to a command is taken where several were not: while their slot migrates, or across slots.
		single := make([][]string, len(refused))
		for i, key := range refused {
			single[i] = []string{key}
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

// send sends one command for each group, and returns the keys that are worth a second try.
func (e *eraser) send(ctx context.Context, groups [][]string) (refused []string, removed int64, err error) {
	if len(groups) == 0 {
		return nil, 0, nil
	}
	pipe := e.client.Pipeline()
	counts := make([]*redis.IntCmd, len(groups))
	for i, group := range groups {
		if e.del.Load() {
			counts[i] = pipe.Del(ctx, group...)
		} else {
			counts[i] = pipe.Unlink(ctx, group...)
		}
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	var failed []error
	for i, count := range counts {
		n, err := count.Result()
		removed += n
		switch {
		case err == nil:
		case count.Name() == "unlink" && (strings.Contains(err.Error(), "unknown command") || redis.HasErrorPrefix(err, "NOPERM")):
			e.del.Store(true)
			refused = append(refused, groups[i]...)
		case len(groups[i]) > 1 && (redis.HasErrorPrefix(err, "TRYAGAIN") || redis.HasErrorPrefix(err, "CROSSSLOT")):
			refused = append(refused, groups[i]...)
		default:
			failed = append(failed, fmt.Errorf("removing %d keys, the first of them %q: %w", len(groups[i]), groups[i][0], err))
		}
	}
	return refused, removed, errors.Join(failed...)
}
