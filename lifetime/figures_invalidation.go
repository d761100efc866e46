package lifetime

import "github.com/prometheus/client_golang/prometheus"

// invalidationFigures are those of Invalidator, Relay and Tags. The first two keep the names that the dashboards of hand-made
// invalidation use; the unit of the first is seconds, whatever its name leaves open.
type invalidationFigures struct {
	latency  *prometheus.HistogramVec
	total    *prometheus.CounterVec
	lost     *prometheus.CounterVec
	relayed  *prometheus.CounterVec
	gaps     *prometheus.CounterVec
	lag      *prometheus.GaugeVec
	tagReads *prometheus.CounterVec
}

func newInvalidationFigures() invalidationFigures {
	return invalidationFigures{
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "redis_invalidation_latency",
			Help:    "Seconds that explicit invalidations took, from the call until the server had answered.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 2.5, 12),
		}, []string{"region"}),
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "redis_invalidation_total", Help: "Keys and tags that were invalidated explicitly, whether they existed or not.",
		}, []string{"region"}),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lifetime_invalidation_lost_total", Help: "Times that a listener lost its connection, and with it messages.",
		}, []string{"region"}),
		relayed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lifetime_relay_keys_total", Help: "Keys invalidated here because another region said so.",
		}, []string{"region", "source"}),
		gaps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lifetime_relay_gaps_total", Help: "Times that invalidations of another region were trimmed away unread.",
		}, []string{"region", "source"}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "lifetime_relay_lag_seconds",
			Help: "Age of the newest applied invalidation of another region; it includes the difference of the clocks.",
		}, []string{"region", "source"}),
		tagReads: newCounter("lifetime_tag_reads_total", "Reads of tagged values by result: hit, miss, invalidated.", "result",
			"hit", "miss", "invalidated"),
	}
}

func (f invalidationFigures) collectors() []prometheus.Collector {
	return []prometheus.Collector{f.latency, f.total, f.lost, f.relayed, f.gaps, f.lag, f.tagReads}
}
