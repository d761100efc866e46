package lifetime

import (
	"context"
	"log/slog"
)

// Telemetry says where a part of this package reports to. Its zero value reports nowhere.
type Telemetry struct {
	Tracer  Tracer  // nil: no spans
	Metrics Metrics // nil: no figures
}

// A Tracer takes spans: what was done, from when to when. lifetimeotel.Tracer is one for OpenTelemetry. It is asked by many
// goroutines at once.
type Tracer interface {
	// Start begins a span within the one that ctx carries, if it does, and returns ctx with the new one. The function
	// ends it, once, with the error that came of it, if any, and with what is known of it only then.
	Start(ctx context.Context, name string, attributes ...slog.Attr) (context.Context, func(err error, attributes ...slog.Attr))
}

// span begins a span; the function that it returns ends it.
func (t Telemetry) span(
	ctx context.Context, name string, attributes ...slog.Attr,
) (context.Context, func(error, ...slog.Attr)) {
	if t.Tracer == nil {
		return ctx, noSpan
	}
	return t.Tracer.Start(ctx, name, attributes...)
}

func noSpan(error, ...slog.Attr) {}

// add, observe, set and setAll tell the Metrics, if there are any.

func (t Telemetry) add(f *Figure, n float64, labels ...string) {
	if t.Metrics != nil {
		t.Metrics.Add(f, labelled(labels), n)
	}
}

func (t Telemetry) observe(f *Figure, value float64, labels ...string) {
	if t.Metrics != nil {
		t.Metrics.Observe(f, labelled(labels), value)
	}
}

func (t Telemetry) set(f *Figure, value float64, labels ...string) {
	if t.Metrics != nil {
		t.Metrics.Set(f, labelled(labels), value)
	}
}

func (t Telemetry) setAll(f *Figure, values map[Labels]float64) {
	if t.Metrics != nil {
		t.Metrics.SetAll(f, values)
	}
}

// labelled keeps the labels in an array, which costs no memory of its own.
func labelled(labels []string) (all Labels) {
	copy(all[:], labels)
	return all
}
