package lifetimeprom

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/curfewkv/curfew/lifetime"
)

var _ lifetime.Metrics = (*Metrics)(nil)

// Metrics are the figures of all parts of package lifetime that are given them. They are a prometheus.Collector, to be
// registered once.
type Metrics struct {
	// Immutable after New; a figure is in the map of its kind.
	counters   map[*lifetime.Figure]*prometheus.CounterVec
	levels     map[*lifetime.Figure]*prometheus.GaugeVec
	histograms map[*lifetime.Figure]*prometheus.HistogramVec
	gauges     map[*lifetime.Figure]*gauge
	all        []prometheus.Collector
}

// New returns figures that are all zero.
func New() *Metrics {
	m := &Metrics{
		counters: map[*lifetime.Figure]*prometheus.CounterVec{}, levels: map[*lifetime.Figure]*prometheus.GaugeVec{},
		histograms: map[*lifetime.Figure]*prometheus.HistogramVec{}, gauges: map[*lifetime.Figure]*gauge{},
	}
	for _, f := range lifetime.Figures() {
		m.all = append(m.all, m.prepare(f))
	}
	return m
}

func (m *Metrics) prepare(f *lifetime.Figure) prometheus.Collector {
	switch f.Kind {
	case lifetime.Counter:
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: f.Name, Help: f.Help}, f.Labels)
		m.counters[f] = c
		for _, labels := range f.Series {
			c.WithLabelValues(labels[:len(f.Labels)]...)
		}
		return c
	case lifetime.Level:
		l := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: f.Name, Help: f.Help}, f.Labels)
		m.levels[f] = l
		for _, labels := range f.Series {
			l.WithLabelValues(labels[:len(f.Labels)]...)
		}
		return l
	case lifetime.Histogram:
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: f.Name, Help: f.Help, Buckets: f.Buckets}, f.Labels)
		m.histograms[f] = h
		for _, labels := range f.Series {
			h.WithLabelValues(labels[:len(f.Labels)]...)
		}
		return h
	}
	g := newGauge(f)
	m.gauges[f] = g
	return g
}

// Add implements lifetime.Metrics.
func (m *Metrics) Add(f *lifetime.Figure, labels lifetime.Labels, n float64) {
	if f.Kind == lifetime.Level {
		m.levels[f].WithLabelValues(labels[:len(f.Labels)]...).Add(n)
		return
	}
	m.counters[f].WithLabelValues(labels[:len(f.Labels)]...).Add(n)
}

// Observe implements lifetime.Metrics.
func (m *Metrics) Observe(f *lifetime.Figure, labels lifetime.Labels, value float64) {
	m.histograms[f].WithLabelValues(labels[:len(f.Labels)]...).Observe(value)
}

// Set implements lifetime.Metrics.
func (m *Metrics) Set(f *lifetime.Figure, labels lifetime.Labels, value float64) {
	m.gauges[f].set(labels, value)
}

// SetAll implements lifetime.Metrics.
func (m *Metrics) SetAll(f *lifetime.Figure, values map[lifetime.Labels]float64) {
	m.gauges[f].setAll(values)
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	for _, c := range m.all {
		c.Describe(out)
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	for _, c := range m.all {
		c.Collect(out)
	}
}
