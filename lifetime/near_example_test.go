package lifetime_test

import (
	"context"
	"fmt"
	"time"

	"github.com/curfewkv/curfew/lifetime"
)

// Values are served from memory until the server says that they have changed.
func ExampleNearCache() {
	client, end := exampleRedis()
	defer end()
	ctx := context.Background()
	near, err := lifetime.NewNearCache(ctx, client, lifetime.NearOptions{
		Prefixes: []string{"config:"}, MaxEntries: 1000, MaxBytes: 1 << 20, MaxAge: time.Minute, Every: time.Second,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer near.Close()

	client.Set(ctx, "config:flags", `{"dark_mode":true}`, time.Hour)
	fmt.Println(near.Get(ctx, "config:flags"))

	client.Set(ctx, "config:flags", `{"dark_mode":false}`, time.Hour)
	near.Forget("config:flags") // in the process that writes; others are told by the server
	fmt.Println(near.Get(ctx, "config:flags"))
	// Output:
	// {"dark_mode":true} <nil>
	// {"dark_mode":false} <nil>
}
