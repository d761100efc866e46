package lifetimeotel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
)

func TestSpansHaveParentsAttributesAndErrors(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	tracer := Tracer(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)).Tracer("test"))
	ctx, end := tracer.Start(t.Context(), "outer", slog.String("key", "k"), slog.Int("keys", 3), slog.Duration("ttl", time.Second), slog.Bool("last", true), slog.Float64("x", 0.5))
	_, endInner := tracer.Start(ctx, "inner")
	endInner(nil)
	end(errors.New("no answer"), slog.String("result", "error"))
	spans := recorder.Ended()
	if len(spans) != 2 {
		t.Fatalf("%d spans", len(spans))
	}
	inner, outer := spans[0], spans[1]
	if inner.Parent().SpanID() != outer.SpanContext().SpanID() || inner.Status().Code != codes.Unset || inner.SpanKind() != trace.SpanKindClient {
		t.Errorf("%v is not within %v, or has status %v or kind %v", inner.Parent(), outer.SpanContext(), inner.Status(), inner.SpanKind())
	}
	if outer.Status().Code != codes.Error || outer.Status().Description != "no answer" || len(outer.Events()) != 1 {
		t.Errorf("status %v, events %v", outer.Status(), outer.Events())
	}
	want := fmt.Sprint([]attribute.KeyValue{
		attribute.String("key", "k"), attribute.Int("keys", 3), attribute.String("ttl", "1s"), attribute.Bool("last", true),
		attribute.Float64("x", 0.5), attribute.String("result", "error"),
	})
	if got := fmt.Sprint(outer.Attributes()); got != want {
		t.Errorf("attributes %s, want %s", got, want)
	}
}

func TestPartsOfLifetimeReport(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	defer client.Close()
	recorder, reader := tracetest.NewSpanRecorder(), sdkmetric.NewManualReader()
	metrics, err := Metrics(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("test"))
	if err != nil {
		t.Fatal(err)
	}
	limit, err := lifetime.NewRateLimit(client, lifetime.RateLimitOptions{Requests: 1, Per: time.Second, Telemetry: lifetime.Telemetry{
		Tracer: Tracer(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)).Tracer("test")), Metrics: metrics,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := limit.Allow(t.Context(), "k"); err == nil {
		t.Fatal("nobody is at that address, and a request is allowed")
	}
	if spans := recorder.Ended(); len(spans) != 1 || spans[0].Name() != "lifetime.RateLimit" || spans[0].Status().Code != codes.Error {
		t.Errorf("spans %v", spans)
	}
	got := collect(t, reader)
	if got[`lifetime_ratelimit_total [{result error}]`] != 1 || got[`lifetime_ratelimit_total [{result denied}]`] != 0 {
		t.Errorf("figures: %v", got)
	}
}

// collect returns what a reader sees, by name and labels; of histograms the number of values.
func collect(t *testing.T, reader sdkmetric.Reader) map[string]float64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	put := func(name string, labels attribute.Set, value float64) {
		text := []string{}
		for _, l := range labels.ToSlice() {
			text = append(text, fmt.Sprintf("{%s %s}", l.Key, l.Value.AsString()))
		}
		got[fmt.Sprint(name, " ", text)] = value
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[float64]:
				for _, p := range data.DataPoints {
					put(m.Name, p.Attributes, p.Value)
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					put(m.Name, p.Attributes, p.Value)
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					put(m.Name, p.Attributes, float64(p.Count))
				}
			default:
				t.Errorf("%s is %T", m.Name, data)
			}
		}
	}
	return got
}

func TestEveryFigureIsTold(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	m, err := Metrics(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("test"))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(collect(t, reader)); n != 8+7+3+3+7+6 { // Fetch, Locker, RateLimit, Tags, NearCache, Sessions
		t.Errorf("%d series are there from the start", n)
	}
	var skew *lifetime.Figure
	for _, f := range lifetime.Figures() {
		var labels lifetime.Labels
		series := []string{}
		for i, name := range f.Labels {
			labels[i] = "x"
			series = append(series, "{"+name+" x}")
		}
		slices.Sort(series) // as attributes are
		want := fmt.Sprint(f.Name, " ", series)
		switch f.Kind {
		case lifetime.Counter:
			m.Add(f, labels, 1)
		case lifetime.Level:
			m.Add(f, labels, 3)
			m.Add(f, labels, -2)
		case lifetime.Histogram:
			m.Observe(f, labels, 0.5)
		case lifetime.Gauge:
			m.Set(f, labels, 1)
		}
		if got := collect(t, reader)[want]; got != 1 {
			t.Errorf("%s is %v", want, got)
		}
		if f.Name == "redis_clock_skew_seconds" {
			skew = f
		}
	}
	m.SetAll(skew, map[lifetime.Labels]float64{{"y"}: 2})
	got := collect(t, reader)
	if _, there := got["redis_clock_skew_seconds [{node x}]"]; there || got["redis_clock_skew_seconds [{node y}]"] != 2 {
		t.Errorf("after another measurement: %v", got)
	}
}
