package exporter

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/reading"
	"github.com/curfewkv/curfew/internal/toolkit/skew"
	"github.com/curfewkv/curfew/lifetime"
)

// maxScrapes bounds how many scrapes go on at the same time, so that a crowd of them does not become one at the servers.
const maxScrapes = 8

// Options say what an Exporter shows.
type Options struct {
	Connect    connect.Options
	Refresh    time.Duration // of the topology; 0 chooses
	Deadline   time.Duration // of a scrape: a node that takes longer is down
	ClockEvery time.Duration // between comparisons of the clocks; 0: none
	Sampler    *reading.Sampler
	// Targets are the servers that /scrape?target= may name, as host:port; nothing else is ever connected to.
	Targets []string
}

// An Exporter answers scrapes.
type Exporter struct {
	options Options
	source  *reading.Source
	targets map[string]*reading.Source // by host:port; never written to
	scrapes prometheus.Counter
	free    chan struct{}

	mu struct {
		sync.Mutex
		clocks lifetime.SkewReport
	}
}

// New makes an exporter, which works once it runs.
func New(options Options) *Exporter {
	e := &Exporter{
		options: options, source: reading.NewSource(reading.SourceOptions{Connect: options.Connect, Refresh: options.Refresh}),
		targets: map[string]*reading.Source{}, free: make(chan struct{}, maxScrapes),
		scrapes: prometheus.NewCounter(prometheus.CounterOpts{Name: "redis_exporter_scrapes_total", Help: "Scrapes that were answered."}),
	}
	for _, target := range options.Targets {
		o := options.Connect
		o.URL, o.SentinelMaster, o.Cluster, o.Addrs = "", "", "no", []string{target}
		e.targets[target] = reading.NewSource(reading.SourceOptions{Connect: o, Alone: true})
	}
	return e
}

// Run keeps what goes on in the background going until ctx ends.
func (e *Exporter) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { e.source.Run(ctx) })
	for source := range maps.Values(e.targets) {
		wg.Go(func() { source.Run(ctx) })
	}
	if e.options.Sampler != nil {
		wg.Go(func() { e.options.Sampler.Run(ctx, e.source) })
	}
	if e.options.ClockEvery > 0 {
		wg.Go(func() { e.compareClocks(ctx) })
	}
}

func (e *Exporter) compareClocks(ctx context.Context) {
	wait := time.Second // until the nodes are found
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		nodes := e.source.Clocks()
		if len(nodes) == 0 {
			continue
		}
		wait = e.options.ClockEvery
		within, cancel := context.WithTimeout(ctx, e.options.ClockEvery)
		report := skew.Measure(within, nodes, 8)
		cancel()
		e.mu.Lock()
		e.mu.clocks = report
		e.mu.Unlock()
	}
}

// Handler serves /metrics, /scrape, /healthz and a page that leads there.
func (e *Exporter) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) { e.serve(w, r, e.source, true) })
	mux.HandleFunc("GET /scrape", e.serveTarget)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintln(w, `<!doctype html><title>curfew ttl exporter</title><h1>curfew ttl exporter</h1><p><a href="/metrics">Metrics</a>`)
	})
	return mux
}

// serveTarget answers for one of the allowed targets: redis://host:port, rediss://host:port or host:port, which mean the
// same, as how to connect is the operator's choice and not the scraper's.
func (e *Exporter) serveTarget(w http.ResponseWriter, r *http.Request) {
	target := r.URL.Query().Get("target")
	if u, err := url.Parse(target); err == nil && (u.Scheme == "redis" || u.Scheme == "rediss") {
		if u.User != nil {
			http.Error(w, "a target has no password here: give it to the exporter", http.StatusBadRequest)
			return
		}
		target = u.Host
	}
	source := e.targets[target]
	if source == nil {
		http.Error(w, "the target is not one that this exporter was allowed (--scrape-target)", http.StatusForbidden)
		return
	}
	e.serve(w, r, source, false)
}

func (e *Exporter) serve(w http.ResponseWriter, r *http.Request, source *reading.Source, background bool) {
	select {
	case e.free <- struct{}{}:
		defer func() { <-e.free }()
	default:
		http.Error(w, "too many scrapes at once", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), e.deadline(r))
	defer cancel()
	registry := prometheus.NewRegistry()
	registry.MustRegister(nodeFigures(source.Read(ctx)), e.scrapes, buildInfo{})
	if background {
		e.mu.Lock()
		clocks := e.mu.clocks
		e.mu.Unlock()
		registry.MustRegister(skew.Figures{Report: clocks})
		if e.options.Sampler != nil {
			registry.MustRegister(samplerFigures{e.options.Sampler.Sample(), time.Now()})
		}
	}
	e.scrapes.Inc()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}).ServeHTTP(w, r)
}

// deadline is the exporter's, or a little less than what Prometheus says that it will wait, if that is shorter: a scrape
// that says which node is down is worth more than one that was given up.
func (e *Exporter) deadline(r *http.Request) time.Duration {
	d := e.options.Deadline
	if s, err := strconv.ParseFloat(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"), 64); err == nil && s > 0 && s < 3600 {
		d = min(d, time.Duration(s*0.9*float64(time.Second)))
	}
	return d
}

var buildInfoDesc = prometheus.NewDesc("redis_exporter_build_info", "What this exporter is; always 1.", []string{"version", "golang_version"}, nil)

type buildInfo struct{}

func (buildInfo) Describe(out chan<- *prometheus.Desc) { out <- buildInfoDesc }

func (buildInfo) Collect(out chan<- prometheus.Metric) {
	version, goVersion := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version, goVersion = info.Main.Version, info.GoVersion
	}
	out <- prometheus.MustNewConstMetric(buildInfoDesc, prometheus.GaugeValue, 1, version, goVersion)
}
