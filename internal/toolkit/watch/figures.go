package watch

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// figures are what a Watcher shows to Prometheus.
type figures struct {
	alarms       []Event
	at           time.Time // of the newest reading; zero: none
	nodes, down  int
	keys, noTTL  int64
	fired, ended map[string]int // events by rule
}

var (
	alarmDesc  = prometheus.NewDesc("redis_watch_alarm", "An alarm that is on; always 1.", []string{"rule", "subject", "severity"}, nil)
	eventsDesc = prometheus.NewDesc("redis_watch_events_total", "Alarms that began (firing) and ended (resolved).", []string{"rule", "state"}, nil)
	readDesc   = prometheus.NewDesc("redis_watch_last_reading_timestamp_seconds", "When the nodes were last read.", nil, nil)
	nodesDesc  = prometheus.NewDesc("redis_watch_nodes", "Nodes that are watched, by whether they answer.", []string{"state"}, nil)
	keysDesc   = prometheus.NewDesc("redis_watch_keys", "Keys of the primaries that answer.", nil, nil)
	noTTLDesc  = prometheus.NewDesc("redis_watch_no_ttl_keys", "Keys without TTL of the primaries that answer.", nil, nil)
)

// show notes what was observed, for the next scrape.
func (w *Watcher) show(o Observation, events []Event) {
	f := figures{alarms: w.engine.Alarms(), at: o.At, nodes: len(o.Readings)}
	for _, r := range o.Readings {
		if !r.Up() {
			f.down++
		}
		if r.Primary() {
			keys, noTTL := r.Keys()
			f.keys += keys
			f.noTTL += noTTL
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	f.fired, f.ended = map[string]int{}, map[string]int{}
	for _, r := range w.engine.rules {
		f.fired[r.Name], f.ended[r.Name] = w.mu.shown.fired[r.Name], w.mu.shown.ended[r.Name]
	}
	for _, event := range events {
		if event.State == Firing {
			f.fired[event.Rule]++
		} else {
			f.ended[event.Rule]++
		}
	}
	w.mu.shown = f
}

// Handler serves /metrics and /healthz.
func (w *Watcher) Handler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(w)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(out http.ResponseWriter, _ *http.Request) { _, _ = out.Write([]byte("ok\n")) })
	return mux
}

// Describe implements prometheus.Collector.
func (w *Watcher) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{alarmDesc, eventsDesc, readDesc, nodesDesc, keysDesc, noTTLDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (w *Watcher) Collect(out chan<- prometheus.Metric) {
	w.mu.Lock()
	f := w.mu.shown // its parts are never changed
	w.mu.Unlock()
	if f.at.IsZero() {
		return
	}
	g := func(desc *prometheus.Desc, n float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, n, labels...)
	}
	for _, a := range f.alarms {
		g(alarmDesc, 1, a.Rule, a.Subject, a.Severity)
	}
	for rule, n := range f.fired {
		out <- prometheus.MustNewConstMetric(eventsDesc, prometheus.CounterValue, float64(n), rule, Firing)
		out <- prometheus.MustNewConstMetric(eventsDesc, prometheus.CounterValue, float64(f.ended[rule]), rule, Resolved)
	}
	g(readDesc, float64(f.at.UnixMilli())/1000)
	g(nodesDesc, float64(f.nodes-f.down), "up")
	g(nodesDesc, float64(f.down), "down")
	g(keysDesc, float64(f.keys))
	g(noTTLDesc, float64(f.noTTL))
}
