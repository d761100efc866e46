package leak

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
)

// beat is how often the service writes the sessions of that time.
const beat = 20 * time.Millisecond

// A service writes sessions, as one that forgot their TTL, until it is corrected.
type service struct {
	client redis.UniversalClient
	prefix string
	value  string
	rate   int
	jitter lifetime.Jitter
	ttl    atomic.Int64 // of new sessions; 0 is the mistake
	wrote  atomic.Int64
}

// run writes until ctx ends.
func (s *service) run(ctx context.Context) error {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	begin := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		due := int64(time.Since(begin).Seconds()*float64(s.rate)) - s.wrote.Load()
		// A slow server is not made to catch up.
		if due = min(due, int64(s.rate)); due <= 0 {
			continue
		}
		ttl := time.Duration(s.ttl.Load())
		_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for range due {
				key := fmt.Sprintf("%s%d", s.prefix, s.wrote.Add(1))
				expiry := ttl
				if ttl > 0 {
					expiry = s.jitter.TTL(ttl, key)
				}
				pipe.Set(ctx, key, s.value, expiry)
			}
			return nil
		})
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("writing sessions: %w", err)
		}
	}
}
