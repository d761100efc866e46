package lifetimeotel

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/curfewkv/curfew/lifetime"
)

// Tracer makes spans with an OpenTelemetry tracer. They are of the kind client; a span that ends with an error has it
// recorded, and its status says it.
func Tracer(t trace.Tracer) lifetime.Tracer { return tracer{t} }

type tracer struct{ tracer trace.Tracer }

// Start implements lifetime.Tracer.
func (t tracer) Start(
	ctx context.Context, name string, attributes ...slog.Attr,
) (context.Context, func(error, ...slog.Attr)) {
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(converted(attributes)...))
	return ctx, func(err error, more ...slog.Attr) {
		span.SetAttributes(converted(more)...)
		if err != nil {
			span.RecordError(err)
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}
}

func converted(attributes []slog.Attr) []attribute.KeyValue {
	all := make([]attribute.KeyValue, len(attributes))
	for i, a := range attributes {
		switch v := a.Value.Resolve(); v.Kind() {
		case slog.KindInt64:
			all[i] = attribute.Int64(a.Key, v.Int64())
		case slog.KindFloat64:
			all[i] = attribute.Float64(a.Key, v.Float64())
		case slog.KindBool:
			all[i] = attribute.Bool(a.Key, v.Bool())
		default:
			all[i] = attribute.String(a.Key, v.String())
		}
	}
	return all
}
