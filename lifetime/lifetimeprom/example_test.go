package lifetimeprom_test

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/lifetime/lifetimeprom"
)

// All parts of a program count into one value, which is registered once.
func Example() {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	defer client.Close()

	metrics := lifetimeprom.New()
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics)
	invalidator := lifetime.NewInvalidator(client, lifetime.InvalidatorOptions{
		Region: "eu-1", Telemetry: lifetime.Telemetry{Metrics: metrics},
	})
	_, err := invalidator.Invalidate(context.Background(), "{user:1001}:profile", "{user:1001}:cart")
	fmt.Println(err != nil) // nobody is at that address

	families, err := registry.Gather()
	for _, family := range families {
		if family.GetName() == "redis_invalidation_total" {
			fmt.Println(family.GetName(), family.GetMetric()[0].GetCounter().GetValue(), err)
		}
	}
	// Output:
	// true
	// redis_invalidation_total 2 <nil>
}
