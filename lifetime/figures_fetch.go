package lifetime

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Results of a Fetch, as they are counted.
const (
	fetchHit      = "hit"      // fresh, from the cache
	fetchEarly    = "early"    // fresh, from the cache; this caller has begun to refresh it
	fetchStale    = "stale"    // past its TTL, while it is refreshed or because a load failed
	fetchNegative = "negative" // known not to exist
	fetchMiss     = "miss"     // loaded for this caller
	fetchWaited   = "waited"   // loaded for another caller
	fetchBypass   = "bypass"   // loaded without the cache, which could not be used
	fetchError    = "error"
)

type fetchFigures struct {
	total *prometheus.CounterVec
	load  prometheus.Histogram
}

func newFetchFigures() fetchFigures {
	return fetchFigures{
		total: newCounter("lifetime_fetch_total", "Calls of Fetch, by where the value came from.", "result",
			fetchHit, fetchEarly, fetchStale, fetchNegative, fetchMiss, fetchWaited, fetchBypass, fetchError),
		load: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "lifetime_fetch_load_seconds", Help: "How long loads for Fetch took, failed ones included.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 12),
		}),
	}
}

func (f fetchFigures) collectors() []prometheus.Collector {
	return []prometheus.Collector{f.total, f.load}
}

func (f fetchFigures) fetched(result string) { f.total.WithLabelValues(result).Inc() }

func (f fetchFigures) loaded(took time.Duration) { f.load.Observe(took.Seconds()) }
