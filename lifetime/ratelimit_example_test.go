package lifetime_test

import (
	"context"
	"fmt"
	"time"

	"github.com/curfewkv/curfew/lifetime"
)

func ExampleRateLimit() {
	client, stop := exampleServer()
	defer stop()
	limit, err := lifetime.NewRateLimit(client, lifetime.RateLimitOptions{Requests: 3, Per: time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 4 {
		got, err := limit.Allow(context.Background(), "203.0.113.7")
		if err != nil {
			fmt.Println(err) // the server cannot be asked: let it pass or not, as you like
			return
		}
		fmt.Println(got.Allowed, got.Remaining, got.RetryAfter.Round(time.Minute))
	}
	// Output:
	// true 2 0s
	// true 1 0s
	// true 0 0s
	// false 0 20m0s
}
