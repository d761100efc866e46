package skew

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/curfewkv/curfew/lifetime"
)

var (
	skewDesc = prometheus.NewDesc("redis_clock_skew_seconds",
		"By how much the clock of the node is ahead of the measuring host's, corrected by half of the round trip.", []string{"node"}, nil)
	boundDesc = prometheus.NewDesc("redis_clock_skew_error_seconds",
		"The bound of the error of redis_clock_skew_seconds.", []string{"node"}, nil)
)

// Figures are a measurement for Prometheus. A node that could not be asked has none: an old one would look like a
// current one.
type Figures struct{ Report lifetime.SkewReport }

// Describe implements prometheus.Collector.
func (Figures) Describe(out chan<- *prometheus.Desc) {
	out <- skewDesc
	out <- boundDesc
}

// Collect implements prometheus.Collector.
func (f Figures) Collect(out chan<- prometheus.Metric) {
	for _, n := range f.Report.Nodes {
		if n.Err != nil {
			continue
		}
		out <- prometheus.MustNewConstMetric(skewDesc, prometheus.GaugeValue, n.Offset.Seconds(), n.Node)
		out <- prometheus.MustNewConstMetric(boundDesc, prometheus.GaugeValue, n.Bound.Seconds(), n.Node)
	}
}
