// Package lifetimeprom shows the figures of package lifetime to Prometheus:
//
//	metrics := lifetimeprom.New()
//	prometheus.MustRegister(metrics)
//	cache, err := lifetime.NewCache(client, lifetime.CacheOptions{Telemetry: lifetime.Telemetry{Metrics: metrics}})
//
// It is a module of its own, so that only who uses it requires Prometheus's library. It serves no HTTP.
package lifetimeprom
