package lifetime

import "github.com/prometheus/client_golang/prometheus"

type sessionFigures struct {
	reads    *prometheus.CounterVec
	renewals prometheus.Counter
	created  prometheus.Counter
	ended    prometheus.Counter
}

func newSessionFigures() sessionFigures {
	return sessionFigures{
		reads: newCounter("lifetime_session_reads_total",
			"Reads of sessions by result: hit, miss, or refused for ids that cannot be.", "result", "hit", "miss", "refused"),
		renewals: prometheus.NewCounter(prometheus.CounterOpts{Name: "lifetime_session_renewals_total", Help: "Reads that prolonged a session."}),
		created:  prometheus.NewCounter(prometheus.CounterOpts{Name: "lifetime_session_created_total", Help: "Sessions begun."}),
		ended:    prometheus.NewCounter(prometheus.CounterOpts{Name: "lifetime_session_destroyed_total", Help: "Sessions destroyed before their time."}),
	}
}

func (f sessionFigures) collectors() []prometheus.Collector {
	return []prometheus.Collector{f.reads, f.renewals, f.created, f.ended}
}
