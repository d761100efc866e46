package lifetime

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/test/rig"
)

func benchCache(b *testing.B) (*Cache, *redis.Client) {
	client := fetchClient(b, rig.Redis(b).Addr)
	return watchedCache(b, client, CacheOptions{}), client
}

// BenchmarkGet is what a hit costs at least: one GET by the client itself.
func BenchmarkGet(b *testing.B) {
	_, client := benchCache(b)
	client.Set(b.Context(), "k", "value", time.Hour)
	for b.Loop() {
		if err := client.Get(b.Context(), "k").Err(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFetchHit(b *testing.B) {
	c, _ := benchCache(b)
	load := func(context.Context) (string, error) { return "value", nil }
	for b.Loop() {
		if _, err := Fetch(b.Context(), c, "k", time.Hour, load); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFetchMiss(b *testing.B) {
	c, _ := benchCache(b)
	load := func(context.Context) (string, error) { return "value", nil }
	for i := 0; b.Loop(); i++ {
		if _, err := Fetch(b.Context(), c, fmt.Sprint(i), time.Hour, load); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLock(b *testing.B) {
	_, client := benchCache(b)
	l, err := NewLocker(client, LockerOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for b.Loop() {
		lock, err := l.TryAcquire(b.Context(), "x")
		if err != nil {
			b.Fatal(err)
		}
		if err := lock.Release(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRateLimit(b *testing.B) {
	_, client := benchCache(b)
	r, err := NewRateLimit(client, RateLimitOptions{Requests: 1 << 20, Per: time.Second})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := r.Allow(b.Context(), "k"); err != nil {
			b.Fatal(err)
		}
	}
}
