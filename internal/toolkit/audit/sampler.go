package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/walk"
)

// sampler draws keys of one keyspace, each with about the same chance, and looks at them.
//
// RANDOMKEY takes one of 15 neighbours of a random place of the hash table: how likely a key is to be drawn depends on
// where its name's hash has put it, which has nothing to do with its prefix, size or TTL. A key is looked at once, however
// often it is drawn; so the sample is one without replacement.
type sampler struct {
	space    *connect.Keyspace
	details  *details
	pace     *walk.Pace
	progress *output.Progress
	seen     map[string]bool
	byScan   bool // RANDOMKEY is refused
	vanished int64
}

// maxDraws bounds how often keys are drawn that were drawn before: the last ones of a keyspace take many draws each.
const maxDraws = 4

// draw looks at about n different keys. With an error it returns those that it has.
func (s *sampler) draw(ctx context.Context, n int) ([]Record, error) {
	var records []Record
	s.seen = make(map[string]bool, n)
	for drawn := 0; len(records) < n && drawn < maxDraws*n+detailBatch; {
		keys, err := s.pick(ctx, min(detailBatch, n-len(records)))
		if err != nil {
			return records, err
		}
		drawn += max(1, len(keys))
		fresh := keys[:0]
		for _, key := range keys {
			if !s.seen[key] {
				s.seen[key] = true
				fresh = append(fresh, key)
			}
		}
		if err := s.pace.Wait(ctx, len(fresh)); err != nil {
			return records, err
		}
		batch, err := s.details.read(ctx, fresh)
		records = append(records, batch...)
		if err != nil {
			return records, err
		}
		s.vanished += int64(len(fresh) - len(batch))
		s.progress.Add(len(batch))
	}
	if s.byScan && len(records) < n/2 {
		s.details.columns.turnOff("SCAN at random cursors", fmt.Sprintf(
			"this server's SCAN does not take any number as a cursor: %d keys were drawn where %d were asked for; allow RANDOMKEY, or use --exact", len(records), n))
	}
	return records, nil
}

func (s *sampler) pick(ctx context.Context, n int) ([]string, error) {
	if s.byScan {
		return s.scan(ctx)
	}
	pipe := s.space.Client.Pipeline()
	cmds := make([]*redis.StringCmd, n)
	for i := range cmds {
		cmds[i] = pipe.RandomKey(ctx)
	}
	if _, err := pipe.Exec(ctx); err != nil && !isReply(err) {
		return nil, fmt.Errorf("RANDOMKEY: %w", err)
	}
	keys := make([]string, 0, n)
	for _, cmd := range cmds {
		key, err := cmd.Result()
		switch {
		case err == nil:
			keys = append(keys, key)
		case errors.Is(err, redis.Nil):
		case connect.Refused(err):
			s.byScan = true
			s.details.columns.turnOff("RANDOMKEY", "RANDOMKEY is refused: keys were drawn by SCAN at random cursors")
			return s.scan(ctx)
		default:
			return nil, fmt.Errorf("RANDOMKEY: %w", err)
		}
	}
	return keys, nil
}

// scan takes the keys at a random place of the hash table. They are neighbours by their hash, so they are as good as drawn
// one by one; and places that do not follow each other leave no wake for the expire cycle. Redis and Valkey take any number
// as a cursor; what others make of it shows in how many keys come.
func (s *sampler) scan(ctx context.Context) ([]string, error) {
	begin := time.Now()
	keys, _, err := s.space.Client.Scan(ctx, rand.Uint64()>>1, "", 10).Result()
	if err != nil {
		return nil, fmt.Errorf("SCAN at a random cursor: %w", err)
	}
	s.pace.Took(time.Since(begin))
	return keys, nil
}

// all looks at every key of a small keyspace.
func (s *sampler) all(ctx context.Context) ([]Record, error) {
	var records []Record
	s.seen = map[string]bool{}
	scanner := walk.NewScanner(*s.space, walk.Options{Pace: s.pace})
	for {
		keys, err := scanner.Next(ctx)
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		fresh := keys[:0]
		for _, key := range keys {
			if !s.seen[key] {
				s.seen[key] = true
				fresh = append(fresh, key)
			}
		}
		batch, err := s.details.read(ctx, fresh)
		records = append(records, batch...)
		if err != nil {
			return records, err
		}
		s.vanished += int64(len(fresh) - len(batch))
		s.progress.Add(len(batch))
	}
}
