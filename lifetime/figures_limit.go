package lifetime

import "github.com/prometheus/client_golang/prometheus"

type limitFigures struct{ total *prometheus.CounterVec }

func newLimitFigures() limitFigures {
	f := limitFigures{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "lifetime_ratelimit_total", Help: "Requests to a RateLimit.",
	}, []string{"result"})}
	for _, result := range []string{"allowed", "denied", "error"} {
		f.total.WithLabelValues(result)
	}
	return f
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
