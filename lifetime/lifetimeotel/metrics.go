package lifetimeotel

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/curfewkv/curfew/lifetime"
)

// Metrics makes figures with an OpenTelemetry meter, under the names that they have in Prometheus.
func Metrics(meter metric.Meter) (lifetime.Metrics, error) {
	m := &metrics{
		counters: map[*lifetime.Figure]metric.Float64Counter{}, levels: map[*lifetime.Figure]metric.Float64UpDownCounter{},
		histograms: map[*lifetime.Figure]metric.Float64Histogram{}, gauges: map[*lifetime.Figure]*gauge{},
	}
	for _, f := range lifetime.Figures() {
		if err := m.prepare(meter, f); err != nil {
			return nil, fmt.Errorf("figure %s: %w", f.Name, err)
		}
	}
	return m, nil
}

// metrics are immutable after Metrics; a figure is in the map of its kind.
type metrics struct {
	counters   map[*lifetime.Figure]metric.Float64Counter
	levels     map[*lifetime.Figure]metric.Float64UpDownCounter
	histograms map[*lifetime.Figure]metric.Float64Histogram
	gauges     map[*lifetime.Figure]*gauge
}

func (m *metrics) prepare(meter metric.Meter, f *lifetime.Figure) (err error) {
	help := metric.WithDescription(f.Help)
	switch f.Kind {
	case lifetime.Counter:
		m.counters[f], err = meter.Float64Counter(f.Name, help)
	case lifetime.Level:
		m.levels[f], err = meter.Float64UpDownCounter(f.Name, help)
	case lifetime.Histogram:
		// Series of histograms cannot be begun without a value.
		m.histograms[f], err = meter.Float64Histogram(f.Name, help, metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(f.Buckets...))
	case lifetime.Gauge:
		g := &gauge{figure: f}
		g.mu.values = map[lifetime.Labels]float64{}
		m.gauges[f] = g
		_, err = meter.Float64ObservableGauge(f.Name, help, metric.WithUnit("s"), metric.WithFloat64Callback(g.observe))
	}
	if err == nil && (f.Kind == lifetime.Counter || f.Kind == lifetime.Level) {
		for _, labels := range f.Series {
			m.Add(f, labels, 0)
		}
	}
	return err
}

// Add implements lifetime.Metrics.
func (m *metrics) Add(f *lifetime.Figure, labels lifetime.Labels, n float64) {
	if f.Kind == lifetime.Level {
		m.levels[f].Add(context.Background(), n, attributes(f, labels))
		return
	}
	m.counters[f].Add(context.Background(), n, attributes(f, labels))
}

// Observe implements lifetime.Metrics.
func (m *metrics) Observe(f *lifetime.Figure, labels lifetime.Labels, value float64) {
	m.histograms[f].Record(context.Background(), value, attributes(f, labels))
}

// Set implements lifetime.Metrics.
func (m *metrics) Set(f *lifetime.Figure, labels lifetime.Labels, value float64) {
	g := m.gauges[f]
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mu.values[labels] = value
}

// SetAll implements lifetime.Metrics.
func (m *metrics) SetAll(f *lifetime.Figure, values map[lifetime.Labels]float64) {
	g, all := m.gauges[f], map[lifetime.Labels]float64{}
	maps.Copy(all, values)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mu.values = all
}

// gauge keeps what it was given until it is asked: only so can series of OpenTelemetry go.
type gauge struct {
	figure *lifetime.Figure

	mu struct {
		sync.Mutex
		values map[lifetime.Labels]float64
	}
}

func (g *gauge) observe(_ context.Context, o metric.Float64Observer) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for labels, value := range g.mu.values {
		o.Observe(value, attributes(g.figure, labels))
	}
	return nil
}

func attributes(f *lifetime.Figure, labels lifetime.Labels) metric.MeasurementOption {
	all := make([]attribute.KeyValue, len(f.Labels))
	for i, name := range f.Labels {
		all[i] = attribute.String(name, labels[i])
	}
	return metric.WithAttributeSet(attribute.NewSet(all...))
}
