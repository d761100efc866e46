package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// writers is how many connections share the load.
const writers = 4

// load writes keys with a short TTL at a steady rate, each key once, and knows how many of them should be there. A
// request counts from the moment at which it was due, so that a stall shows in every request that it kept waiting.
type load struct {
	settings settings
	client   *redis.Client

	mu        sync.Mutex
	deadlines []time.Time // of the keys that are not due yet and those before, in about the order of their deadlines
	first     int         // of deadlines that may still be in the future
	latencies []time.Duration
	measuring bool
}

func newLoad(s settings, port string) *load {
	return &load{settings: s, client: redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + port, PoolSize: writers, MinIdleConns: writers})}
}

// run writes until ctx ends.
func (l *load) run(ctx context.Context) error {
	defer l.client.Close()
	failed := make(chan error, writers)
	begin := time.Now()
	for w := range writers {
		go func() { failed <- l.write(ctx, w, begin) }()
	}
	var first error
	for range writers {
		if err := <-failed; err != nil && first == nil && ctx.Err() == nil {
			first = err
		}
	}
	return first
}

func (l *load) write(ctx context.Context, w int, begin time.Time) error {
	value := make([]byte, 64)
	ttl := strconv.FormatInt(l.settings.ttl.Milliseconds(), 10)
	interval := time.Second * writers / time.Duration(l.settings.rate)
	for i := 0; ctx.Err() == nil; i++ {
		due := begin.Add(time.Duration(i)*interval + time.Duration(w)*interval/writers)
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		err := l.client.Do(ctx, "SET", fmt.Sprintf("short:%d:%d", w, i), value, "PX", ttl).Err()
		now := time.Now()
		if err != nil {
			return fmt.Errorf("SET: %w", err)
		}
		l.mu.Lock()
		l.deadlines = append(l.deadlines, now.Add(l.settings.ttl))
		if l.measuring {
			l.latencies = append(l.latencies, now.Sub(due))
		}
		l.mu.Unlock()
	}
	return nil
}

// alive is how many of the keys that were written are not due yet. The order of deadlines is off by at most what a request
// takes.
func (l *load) alive(now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.first < len(l.deadlines) && !l.deadlines[l.first].After(now) {
		l.first++
	}
	return len(l.deadlines) - l.first
}

func (l *load) measure() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.measuring, l.latencies = true, nil
}

func (l *load) measured() []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.measuring = false
	return l.latencies
}
