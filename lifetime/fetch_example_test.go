package lifetime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

// stage is what package rig needs of a test, for examples, which have none.
type stage struct {
	testing.TB
	after []func()
}

func (s *stage) Helper()             {}
func (s *stage) Failed() bool        { return false }
func (s *stage) Cleanup(f func())    { s.after = append(s.after, f) }
func (s *stage) Logf(string, ...any) {}

func (s *stage) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (s *stage) TempDir() string {
	dir, err := os.MkdirTemp("", "lifetime-example-")
	if err != nil {
		s.Fatalf("%v", err)
	}
	s.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// exampleServer starts a server, and returns a client for it and a function that ends both.
func exampleServer() (*redis.Client, func()) {
	s := &stage{}
	client := redis.NewClient(&redis.Options{Addr: rig.Redis(s).Addr})
	return client, func() {
		_ = client.Close()
		for i := len(s.after) - 1; i >= 0; i-- {
			s.after[i]()
		}
	}
}

func ExampleFetch() {
	client, stop := exampleServer()
	defer stop()
	ctx := context.Background()

	cache, err := lifetime.NewCache(client, lifetime.CacheOptions{
		StaleWhileRevalidate: time.Minute,                  // served at once while one caller refreshes it
		StaleIfError:         time.Hour,                    // served when the database is down
		NegativeTTL:          10 * time.Second,             // remember what does not exist
		Jitter:               lifetime.Jitter{Percent: 10}, // do not end together
	})
	if err != nil {
		panic(err)
	}
	defer cache.Close()

	type User struct{ Name string }
	load := func(ctx context.Context) (User, error) {
		fmt.Println("asking the database")
		return User{Name: "Ann"}, nil
	}
	for range 3 {
		user, err := lifetime.Fetch(ctx, cache, "user:1001", 5*time.Minute, load)
		fmt.Println(user.Name, err)
	}
	_, err = lifetime.Fetch(ctx, cache, "user:7", 5*time.Minute, func(context.Context) (User, error) {
		return User{}, lifetime.ErrNotFound
	})
	fmt.Println(errors.Is(err, lifetime.ErrNotFound))
	// Output:
	// asking the database
	// Ann <nil>
	// Ann <nil>
	// Ann <nil>
	// true
}

// Write to the database first, then invalidate. A load that had read the old row before cannot store it afterwards.
func ExampleCache_Invalidate() {
	client, stop := exampleServer()
	defer stop()
	ctx := context.Background()
	cache, err := lifetime.NewCache(client, lifetime.CacheOptions{})
	if err != nil {
		panic(err)
	}
	defer cache.Close()

	price := "10.00" // a row of the database
	hasRead, mayReturn := make(chan struct{}), make(chan struct{})
	var slow sync.WaitGroup
	slow.Go(func() {
		_, _ = lifetime.Fetch(ctx, cache, "price:42", time.Hour, func(context.Context) (string, error) {
			row := price
			close(hasRead)
			<-mayReturn
			return row, nil
		})
	})
	<-hasRead

	price = "12.50"
	fmt.Println(cache.Invalidate(ctx, "price:42"))
	close(mayReturn)
	slow.Wait()

	got, _ := lifetime.Fetch(ctx, cache, "price:42", time.Hour, func(context.Context) (string, error) { return price, nil })
	fmt.Println(got)
	// Output:
	// <nil>
	// 12.50
}
