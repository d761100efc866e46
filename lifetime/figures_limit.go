package lifetime

import "github.com/prometheus/client_golang/prometheus"

type limitFigures struct{ total *prometheus.CounterVec }

func newLimitFigures() limitFigures {
	return limitFigures{newCounter("lifetime_ratelimit_total", "Requests to a RateLimit.", "result", "allowed", "denied", "error")}
}

func (f limitFigures) collectors() []prometheus.Collector { return []prometheus.Collector{f.total} }

func (f limitFigures) limited(allowed bool, err error) {
	result := "denied"
	if err != nil {
		result = "error"
	} else if allowed {
		result = "allowed"
	}
	f.total.WithLabelValues(result).Inc()
}
