package lifetime

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// What happens to locks, as it is counted.
const (
	lockAcquired = "acquired"
	lockBusy     = "busy" // somebody else held it
	lockExtended = "extended"
	lockReleased = "released"
	lockLost     = "lost"
	lockMaxHold  = "max_hold"
	lockError    = "error"
)

type lockFigures struct {
	total *prometheus.CounterVec
	hold  prometheus.Histogram
}

func newLockFigures() lockFigures {
	return lockFigures{
		total: newCounter("lifetime_lock_total", "What happened to locks.", "result",
			lockAcquired, lockBusy, lockExtended, lockReleased, lockLost, lockMaxHold, lockError),
		hold: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "lifetime_lock_hold_seconds", Help: "How long locks were held, until released or lost.",
			Buckets: prometheus.ExponentialBuckets(0.005, 3, 12),
		}),
	}
}

func (f lockFigures) collectors() []prometheus.Collector {
	return []prometheus.Collector{f.total, f.hold}
}

func (f lockFigures) counted(result string) { f.total.WithLabelValues(result).Inc() }

func (f lockFigures) held(d time.Duration) { f.hold.Observe(d.Seconds()) }
