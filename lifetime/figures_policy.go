package lifetime

import "github.com/prometheus/client_golang/prometheus"

// policyFigures have one series for each rule and action: the rules are few, keys are not.
type policyFigures struct {
	ttl *prometheus.CounterVec
}

func newPolicyFigures() policyFigures {
	return policyFigures{ttl: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "lifetime_ttl_total",
		Help: "Keys that were written without a TTL or with one out of bounds, by the rule and what was done about it.",
	}, []string{"rule", "action"})}
}

func (f policyFigures) collectors() []prometheus.Collector { return []prometheus.Collector{f.ttl} }
