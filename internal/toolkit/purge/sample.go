package purge

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
)

const (
	// weighEach is how many keys of a page are weighed: MEMORY USAGE is a look at each.
	weighEach = 20
	// shownKeys is how many keys a person is shown.
	shownKeys = 10
)

// A Weighed key is one of a sample.
type Weighed struct {
	Key   string `json:"key"` // quoted as in Go
	TTL   int64  `json:"ttl_ms"`
	Bytes int64  `json:"bytes"`
}

// sample weighs some of the keys that would go, to tell how much memory they hold.
type sample struct {
	mu      sync.Mutex
	weighed int64 // keys
	bytes   int64 // of these
	shown   []Weighed
	refused bool
}

// weigh takes some of the keys of a page, by chance. Errors are of no consequence: it is an estimate.
func (s *sample) weigh(ctx context.Context, c redis.UniversalClient, items []*item) error {
	s.mu.Lock()
	refused := s.refused
	s.mu.Unlock()
	if refused || len(items) == 0 {
		return nil
	}
	some := make([]*item, 0, weighEach)
	for _, i := range rand.Perm(len(items))[:min(weighEach, len(items))] {
		some = append(some, items[i])
	}
	cmds := make([]*redis.IntCmd, len(some))
	_, err := c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, it := range some {
			cmds[i] = pipe.MemoryUsage(ctx, it.key)
		}
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = connect.Refused(err)
	for i, it := range some {
		bytes, err := cmds[i].Result()
		if err == nil {
			s.weighed++
			s.bytes += bytes
		}
		if len(s.shown) < shownKeys && (err == nil || s.refused) {
			s.shown = append(s.shown, Weighed{fmt.Sprintf("%q", it.key), it.ttl, bytes})
		}
	}
	return ctx.Err()
}

// estimate is what so many keys hold, -1: unknown.
func (s *sample) estimate(keys int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.weighed == 0 {
		return -1
	}
	return int64(float64(s.bytes) / float64(s.weighed) * float64(keys))
}
