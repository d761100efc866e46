package replay

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// info holds the figures of the server's INFO by name.
type info map[string]int64

// readInfo asks for the sections that hold memory and keyspace figures.
func readInfo(ctx context.Context, client *redis.Client) (info, error) {
	text, err := client.Info(ctx).Result()
	if err != nil {
		return nil, fmt.Errorf("INFO: %w", err)
	}
	return parseInfo(text), nil
}

func parseInfo(text string) info {
	figures := make(info)
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if !ok {
			continue
		}
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			figures[name] = n
		}
	}
	return figures
}

// sampler watches used_memory: what matters about a memory limit is its worst moment.
type sampler struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
	peak   int64 // written by the sampler's goroutine until done
}

// startSampler starts a goroutine that stop ends. A failed INFO ends it early: the replay itself reports the cause.
func startSampler(ctx context.Context, client *redis.Client, every time.Duration) *sampler {
	ctx, cancel := context.WithCancel(ctx)
	s := &sampler{cancel: cancel}
	if every <= 0 {
		return s
	}
	s.done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			text, err := client.Info(ctx, "memory").Result()
			if err != nil {
				return
			}
			s.peak = max(s.peak, parseInfo(text)["used_memory"])
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	return s
}

// stop returns the largest used_memory seen.
func (s *sampler) stop() int64 {
	s.cancel()
	s.done.Wait()
	return s.peak
}
