package lifetime_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
)

// All pages that show a promotion vanish at once when it ends, and no page that was rendered before comes back.
func ExampleTags() {
	client, end := exampleRedis()
	defer end()
	ctx := context.Background()
	tags := lifetime.NewTags(client, lifetime.TagsOptions{})

	render := func(ctx context.Context) ([]byte, error) { return []byte("<h1>Sale!</h1>"), nil }
	for _, key := range []string{"page:/", "page:/shoes"} {
		page, err := tags.Fetch(ctx, key, time.Hour, []string{"promo", "catalogue"}, render)
		fmt.Println(key, string(page), err)
	}

	used, err := tags.Invalidate(ctx, "promo")
	fmt.Println("tags in use:", used, err)
	_, err = tags.Get(ctx, "page:/shoes")
	fmt.Println("gone:", errors.Is(err, redis.Nil))
	// Output:
	// page:/ <h1>Sale!</h1> <nil>
	// page:/shoes <h1>Sale!</h1> <nil>
	// tags in use: 1 <nil>
	// gone: true
}

// What a value is made from must be read after its stamp, so that a change in between is not hidden by the value.
func ExampleTags_Stamp() {
	client, end := exampleRedis()
	defer end()
	ctx := context.Background()
	tags := lifetime.NewTags(client, lifetime.TagsOptions{})

	stamp, err := tags.Stamp(ctx, time.Minute, "user:7")
	if err != nil {
		fmt.Println(err)
		return
	}
	old := "the name in the database"
	// Meanwhile somebody writes the database, and invalidates.
	if _, err := tags.Invalidate(ctx, "user:7"); err != nil {
		fmt.Println(err)
	}
	fmt.Println("set:", tags.Set(ctx, "profile:7", []byte(old), time.Minute, stamp))
	_, err = tags.Get(ctx, "profile:7")
	fmt.Println("the old name is not served:", errors.Is(err, redis.Nil))
	// Output:
	// set: <nil>
	// the old name is not served: true
}

// Only what concerns both the user and the shop is invalidated.
func ExampleTags_InvalidateAll() {
	client, end := exampleRedis()
	defer end()
	ctx := context.Background()
	tags := lifetime.NewTags(client, lifetime.TagsOptions{})
	for key, about := range map[string][]string{"cart": {"user:7", "shop:1"}, "profile": {"user:7"}, "start": {"shop:1"}} {
		if _, err := tags.Fetch(ctx, key, time.Minute, about, func(context.Context) ([]byte, error) { return []byte("v"), nil }); err != nil {
			fmt.Println(err)
		}
	}
	if err := tags.InvalidateAll(ctx, "user:7", "shop:1"); err != nil {
		fmt.Println(err)
	}
	values, err := tags.GetAll(ctx, "cart", "profile", "start")
	fmt.Println(len(values), "left;", "cart is there:", values["cart"] != nil, err)
	// Output:
	// 2 left; cart is there: false <nil>
}
