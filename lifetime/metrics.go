package lifetime

import "github.com/prometheus/client_golang/prometheus"

// Metrics are the figures of all parts of this package. They are shared by the parts of a program and registered once:
//
//	metrics := lifetime.NewMetrics()
//	prometheus.MustRegister(metrics)
type Metrics struct {
	// Every figure is declared by the part that counts it, in a file figures_*.go.
	policy       policyFigures
	fetch        fetchFigures
	lock         lockFigures
	limit        limitFigures
	invalidation invalidationFigures
	near         nearFigures
	session      sessionFigures
	skew         skewFigures
}

// NewMetrics returns figures that are all zero.
func NewMetrics() *Metrics {
	return &Metrics{
		policy: newPolicyFigures(), fetch: newFetchFigures(), lock: newLockFigures(), limit: newLimitFigures(),
		invalidation: newInvalidationFigures(), near: newNearFigures(), session: newSessionFigures(), skew: newSkewFigures(),
	}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	for _, c := range m.collectors() {
		c.Describe(out)
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	for _, c := range m.collectors() {
		c.Collect(out)
	}
}

func (m *Metrics) collectors() []prometheus.Collector {
	var all []prometheus.Collector
	for _, part := range []interface{ collectors() []prometheus.Collector }{
		m.policy, m.fetch, m.lock, m.limit, m.invalidation, m.near, m.session, m.skew,
	} {
		all = append(all, part.collectors()...)
	}
	return all
}

// newCounter returns a counter of which every series is there from the start: a rate over one that appears with its first
// event misses that event.
func newCounter(name, help, label string, values ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	for _, value := range values {
		c.WithLabelValues(value)
	}
	return c
}
