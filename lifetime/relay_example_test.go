package lifetime_test

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
)

// Two regions, each with a Redis of its own: what is invalidated in one is invalidated in the other.
func ExampleRelay() {
	europe, end := exampleRedis()
	defer end()
	america, end := exampleRedis()
	defer end()
	ctx := context.Background()

	// In every process of Europe that invalidates.
	out, err := lifetime.NewRelay(lifetime.NewInvalidator(europe, lifetime.InvalidatorOptions{Region: "eu"}), lifetime.RelayOptions{Region: "eu"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer out.Close()

	// In one or more processes of America.
	gaps := make(chan lifetime.Gap, 1)
	in, err := lifetime.NewRelay(lifetime.NewInvalidator(america, lifetime.InvalidatorOptions{Region: "us"}), lifetime.RelayOptions{
		Region: "us", Sources: map[string]redis.UniversalClient{"eu": europe}, Poll: 100 * time.Millisecond,
		OnGap: func(ctx context.Context, gap lifetime.Gap) error {
			gaps <- gap // here everything of Europe's is dropped
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()
	fmt.Println("at first:", (<-gaps).Reason)

	america.Set(ctx, "user:7", "old", time.Minute)
	if _, err := out.Invalidate(ctx, "user:7"); err != nil {
		fmt.Println(err)
	}
	for america.Exists(ctx, "user:7").Val() != 0 {
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println("gone in America")
	// Output:
	// at first: it was never read from here, or the position is lost
	// gone in America
}
