package lifetime

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Telemetry says where a part of this package reports to. Its zero value reports nowhere.
type Telemetry struct {
	Tracer  trace.Tracer // nil: no spans
	Metrics *Metrics     // nil: no figures
}

// unwatched takes the figures of parts without Metrics, so that no caller has to ask whether somebody counts.
var unwatched = NewMetrics()

func (t Telemetry) metrics() *Metrics {
	if t.Metrics == nil {
		return unwatched
	}
	return t.Metrics
}

// span begins a span; the function that it returns ends it with the error, if any.
func (t Telemetry) span(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, func(error)) {
	tracer := t.Tracer
	if tracer == nil {
		tracer = noop.Tracer{}
	}
	ctx, span := tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
	return ctx, func(err error) {
		if err != nil {
			span.RecordError(err)
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}
}
