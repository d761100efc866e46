package lifetime_test

import (
	"context"
	"fmt"
	"time"

	"github.com/curfewkv/curfew/lifetime"
)

// After a write to the database: the keys go, and everybody who keeps copies hears of it.
func ExampleInvalidator() {
	client, end := exampleRedis()
	defer end()
	ctx := context.Background()
	invalidator := lifetime.NewInvalidator(client, lifetime.InvalidatorOptions{Region: "eu-1"})

	heard := make(chan string, 10)
	listening, err := invalidator.Listen(ctx, lifetime.Listener{
		Keys: func(region string, keys []string) { heard <- fmt.Sprint(region, " ", keys) },
		Lost: func(error) { heard <- "drop everything" },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer listening.Close()

	client.Set(ctx, "{user:1001}:profile", "v", time.Minute)
	client.Set(ctx, "{user:1001}:cart", "v", time.Minute)
	removed, err := invalidator.Invalidate(ctx, "{user:1001}:profile", "{user:1001}:cart")
	fmt.Println(removed, err)
	fmt.Println(<-heard)
	// Output:
	// 2 <nil>
	// eu-1 [{user:1001}:profile {user:1001}:cart]
}
