// Package lifetimeotel gives the spans and figures of package lifetime to OpenTelemetry:
//
//	metrics, err := lifetimeotel.Metrics(otel.Meter("shop"))
//	telemetry := lifetime.Telemetry{Tracer: lifetimeotel.Tracer(otel.Tracer("shop")), Metrics: metrics}
//
// It is a module of its own, so that only who uses it requires OpenTelemetry's libraries. It exports nothing by itself: that
// is for the providers that the program has set up.
package lifetimeotel
