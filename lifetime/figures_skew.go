package lifetime

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// skewFigures show the nodes of the last measurement: one that could not be asked, or is gone, has no figure, because
// an old one would look like a current one.
type skewFigures struct {
	skew, bound *prometheus.GaugeVec
	shown       *shownNodes
}

type shownNodes struct {
	sync.Mutex
	names map[string]bool
}

func newSkewFigures() skewFigures {
	return skewFigures{
		skew: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "redis_clock_skew_seconds",
			Help: "By how much the clock of the node is ahead of the measuring host's, corrected by half of the round trip.",
		}, []string{"node"}),
		bound: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "redis_clock_skew_error_seconds",
			Help: "The bound of the error of redis_clock_skew_seconds.",
		}, []string{"node"}),
		shown: &shownNodes{names: map[string]bool{}},
	}
}

func (f skewFigures) collectors() []prometheus.Collector {
	return []prometheus.Collector{f.skew, f.bound}
}

func (f skewFigures) show(report SkewReport) {
	f.shown.Lock()
	defer f.shown.Unlock()
	current := map[string]bool{}
	for _, n := range report.Nodes {
		if n.Err == nil {
			current[n.Node] = true
			f.skew.WithLabelValues(n.Node).Set(n.Offset.Seconds())
			f.bound.WithLabelValues(n.Node).Set(n.Bound.Seconds())
		}
	}
	for name := range f.shown.names {
		if !current[name] {
			f.skew.DeleteLabelValues(name)
			f.bound.DeleteLabelValues(name)
		}
	}
	f.shown.names = current
}
