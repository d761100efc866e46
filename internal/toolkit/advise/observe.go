package advise

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/walk"
)

// A Look is one key of a sample, looked at twice.
type Look struct {
	Key    string
	Before time.Duration // remaining; -1: no TTL
	After  time.Duration // the same later; -2: gone
	Apart  time.Duration // the two looks

	at time.Time // of the first look
}

// page is how many keys are asked for at once: some 0.3 ms of a server's time.
const page = 200

// Observe draws n random keys of a keyspace, and looks at them again after wait. It reads names and TTLs only.
func Observe(ctx context.Context, k connect.Keyspace, n int, wait time.Duration) ([]Look, error) {
	looks, err := draw(ctx, k, n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name(), err)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for at := 0; at < len(looks); at += page {
		part := looks[at:min(at+page, len(looks))]
		ttls, err := remaining(ctx, k.Client, part)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.Name(), err)
		}
		for i := range part {
			part[i].After, part[i].Apart = ttls[i], time.Since(part[i].at)
		}
	}
	return looks, nil
}

func draw(ctx context.Context, k connect.Keyspace, n int) ([]Look, error) {
	seen := make(map[string]bool, n)
	var looks []Look
	drawer := walk.NewDrawer(k)
	// A small keyspace gives the same keys again and again; four draws for each key wanted find nearly all of them.
	for tries := 0; len(looks) < n && tries < 4*n; tries += page {
		keys, err := drawer.Draw(ctx, page)
		if err != nil {
			return nil, err
		}
		var fresh []Look
		for _, key := range keys {
			if !seen[key] && len(looks)+len(fresh) < n {
				seen[key] = true
				fresh = append(fresh, Look{Key: key})
			}
		}
		ttls, err := remaining(ctx, k.Client, fresh)
		if err != nil {
			return nil, err
		}
		at := time.Now()
		for i, look := range fresh {
			if look.at, look.Before = at, ttls[i]; look.Before != gone && look.Before != elsewhere {
				looks = append(looks, look)
			}
		}
	}
	return looks, nil
}

// What PTTL answers instead of a time, in go-redis's reading.
const (
	forEver = time.Duration(-1)
	gone    = time.Duration(-2)
	// elsewhere is what takes its place for a key that a Cluster has moved to another node, where it is not followed.
	elsewhere = time.Duration(-3)
)

func remaining(ctx context.Context, c *redis.Client, looks []Look) ([]time.Duration, error) {
	ttls := make([]time.Duration, len(looks))
	if len(looks) == 0 {
		return ttls, nil
	}
	cmds := make([]*redis.DurationCmd, len(looks))
	// The error of the pipeline is that of its first command that failed; each is looked at below.
	_, _ = c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, look := range looks {
			cmds[i] = p.PTTL(ctx, look.Key)
		}
		return nil
	})
	for i, cmd := range cmds {
		ttl, err := cmd.Result()
		switch {
		case connect.Moved(err):
			ttl = elsewhere
		case err != nil:
			return nil, fmt.Errorf("PTTL: %w", err)
		}
		ttls[i] = ttl
	}
	return ttls, nil
}

// Fate is what became of a key between the two looks.
func (l Look) Fate() (removed, renewed bool) {
	// A second of doubt: asking took time as well.
	const doubt = time.Second
	switch {
	case l.After == gone:
		return l.Before == forEver || l.Before > l.Apart+doubt, false
	case l.Before == forEver || l.After == forEver || l.After == elsewhere:
		return false, false
	}
	return false, l.After > l.Before-l.Apart+doubt
}

// Lockstep is the share of remaining times that are within the fullest second.
func Lockstep(remaining []time.Duration) float64 {
	seconds, fullest := map[int64]int{}, 0
	for _, d := range remaining {
		second := int64(d / time.Second)
		seconds[second]++
		fullest = max(fullest, seconds[second])
	}
	if len(remaining) == 0 {
		return 0
	}
	return float64(fullest) / float64(len(remaining))
}
