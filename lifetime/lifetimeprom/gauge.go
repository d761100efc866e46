package lifetimeprom

import (
	"maps"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/curfewkv/curfew/lifetime"
)

// gauge is a figure whose series can all be replaced at one instant, which a prometheus.GaugeVec cannot: a scrape would see
// it half done.
type gauge struct {
	figure *lifetime.Figure
	desc   *prometheus.Desc

	mu struct {
		sync.Mutex
		values map[lifetime.Labels]float64
	}
}

func newGauge(f *lifetime.Figure) *gauge {
	g := &gauge{figure: f, desc: prometheus.NewDesc(f.Name, f.Help, f.Labels, nil)}
	g.mu.values = map[lifetime.Labels]float64{}
	return g
}

func (g *gauge) set(labels lifetime.Labels, value float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mu.values[labels] = value
}

func (g *gauge) setAll(values map[lifetime.Labels]float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mu.values = maps.Clone(values)
	if g.mu.values == nil {
		g.mu.values = map[lifetime.Labels]float64{}
	}
}

// Describe implements prometheus.Collector.
func (g *gauge) Describe(out chan<- *prometheus.Desc) { out <- g.desc }

// Collect implements prometheus.Collector.
func (g *gauge) Collect(out chan<- prometheus.Metric) {
	g.mu.Lock()
	values := maps.Clone(g.mu.values)
	g.mu.Unlock()
	for labels, value := range values {
		out <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, value, labels[:len(g.figure.Labels)]...)
	}
}
