package lifetime

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// relayBatch bounds the entries of one read.
const relayBatch = 500

// relaySource reads the stream of one other region. It belongs to one goroutine.
type relaySource struct {
	relay  *Relay
	name   string
	client redis.UniversalClient
	at     relayPosition
}

func (s *relaySource) run(ctx context.Context) {
	first := backoff{next: 50 * time.Millisecond, longest: 5 * time.Second}
	pauses := first
	for loaded := false; ctx.Err() == nil; {
		var err error
		if !loaded {
			s.at, err = s.load(ctx)
			loaded = err == nil
		}
		if err == nil {
			err = s.follow(ctx, func() { pauses = first })
		}
		if ctx.Err() != nil {
			return
		}
		s.relay.options.OnError(s.name, fmt.Errorf("reading invalidations of region %q: %w", s.name, err))
		pauseFor(ctx, pauses.pause(0))
	}
}

// follow applies what the stream has, then what comes, until an error.
func (s *relaySource) follow(ctx context.Context, progress func()) error {
	// An audit is two commands instead of one; between two of them, nothing that is applied depends on them.
	const auditEvery = 10 * time.Second
	for {
		more, err := s.audit(ctx)
		if err != nil {
			return err
		}
		progress()
		if more {
			continue
		}
		for audited := time.Now(); time.Since(audited) < auditEvery; {
			entries, err := s.next(ctx)
			if err != nil {
				return err
			}
			if err := s.apply(ctx, entries); err != nil {
				return err
			}
			if len(entries) > 1 {
				break // a burst may have been trimmed before it was read
			}
		}
	}
}

// next waits for entries.
func (s *relaySource) next(ctx context.Context) ([]redis.XMessage, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	streams, err := s.client.XRead(ctx, &redis.XReadArgs{
		Streams: []string{s.relay.options.Stream, s.at.id}, Count: relayBatch, Block: s.relay.options.Poll,
	}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil || len(streams) != 1 {
		return nil, err
	}
	return streams[0].Messages, nil
}

// audit reads what follows together with the stream's count, which shows what is missing; more says that there is more.
func (s *relaySource) audit(ctx context.Context) (more bool, err error) {
	from := s.at.id
	if from == "" {
		from = streamStart
	}
	stream := s.relay.options.Stream
	pipe := s.client.TxPipeline()
	read := pipe.XRangeN(ctx, stream, "("+from, "+", relayBatch)
	about := pipe.XInfoStream(ctx, stream)
	_, err = pipe.Exec(ctx)
	var info *redis.XInfoStream
	if err != nil && !strings.Contains(err.Error(), "no such key") {
		return false, err
	}
	if err == nil {
		info = about.Val()
	}
	entries := read.Val()
	if reason := missed(s.at, len(entries), relayBatch, info); reason != "" {
		to := relayPosition{id: streamStart}
		if info != nil {
			to = relayPosition{id: info.LastGeneratedID, count: info.EntriesAdded}
		}
		return true, s.gap(ctx, reason, to)
	}
	if len(entries) == 0 {
		s.moveTo(ctx, s.at) // which prolongs its life
		return false, nil
	}
	return len(entries) == relayBatch, s.apply(ctx, entries)
}

// gap hands what is missing up to a position to whoever drops everything.
func (s *relaySource) gap(ctx context.Context, reason string, to relayPosition) error {
	s.relay.options.Telemetry.add(relayGaps, 1, s.relay.options.Region, s.name)
	err := s.relay.options.OnGap(ctx, Gap{Source: s.name, Reason: reason, From: s.at.id, To: to.id})
	if err != nil {
		return fmt.Errorf("dealing with a gap: %w", err)
	}
	s.moveTo(ctx, to)
	return nil
}

// apply invalidates here what entries say, and moves on. After an error it has not moved, and will apply them again.
func (s *relaySource) apply(ctx context.Context, entries []redis.XMessage) (err error) {
	if len(entries) == 0 {
		return nil
	}
	pauseFor(ctx, s.relay.offset())
	if err := ctx.Err(); err != nil {
		return err
	}
	// What is begun is finished, also when Close is called meanwhile: the client's own timeouts bound it.
	ctx, end := s.relay.options.Telemetry.span(context.WithoutCancel(ctx), "lifetime.Relay")
	defer func() { end(err) }()
	last := relayPosition{id: entries[len(entries)-1].ID, count: s.at.count + int64(len(entries))}
	keys := map[string][]string{}
	n := 0
	for _, entry := range entries {
		message, _ := entry.Values["message"].(string)
		origin, named, err := parseMessage(message)
		if err != nil {
			// It may stand for an invalidation that nobody here can read.
			return s.gap(ctx, fmt.Sprintf("entry %s is none of a relay", entry.ID), last)
		}
		if origin != s.relay.options.Region {
			keys[origin] = append(keys[origin], named...)
			n += len(named)
		}
	}
	for origin, named := range keys {
		if _, err := s.relay.local.invalidate(ctx, origin, named); err != nil {
			return err
		}
	}
	s.moveTo(ctx, last)
	s.relay.options.Telemetry.add(relayKeys, float64(n), s.relay.options.Region, s.name)
	if ms, _, ok := parseID(last.id); ok {
		s.relay.options.Telemetry.set(relayLag, time.Since(time.UnixMilli(int64(ms))).Seconds(), s.relay.options.Region, s.name)
	}
	return nil
}
