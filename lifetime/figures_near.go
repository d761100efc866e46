package lifetime

import "github.com/prometheus/client_golang/prometheus"

type nearFigures struct {
	reads         *prometheus.CounterVec
	invalidations prometheus.Counter
	drops         prometheus.Counter
	entries       prometheus.Gauge
	bytes         prometheus.Gauge
}

func newNearFigures() nearFigures {
	return nearFigures{
		reads: newCounter("lifetime_near_reads_total",
			"Reads by result: hit, miss, or bypass while the connection for invalidations is not proven.", "result", "hit", "miss", "bypass"),
		invalidations: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "lifetime_near_invalidations_total", Help: "Keys that the server said had changed.",
		}),
		drops: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "lifetime_near_drops_total", Help: "Times that everything was dropped: connections lost and flushes.",
		}),
		entries: prometheus.NewGauge(prometheus.GaugeOpts{Name: "lifetime_near_entries", Help: "Values kept in the process."}),
		bytes:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "lifetime_near_bytes", Help: "Bytes of the values kept in the process, with keys and overhead."}),
	}
}

func (f nearFigures) collectors() []prometheus.Collector {
	return []prometheus.Collector{f.reads, f.invalidations, f.drops, f.entries, f.bytes}
}
