package server

import (
	"os"
	"strings"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/command/conncmd"
	"github.com/curfewkv/curfew/internal/command/infocmd"
	"github.com/curfewkv/curfew/internal/command/keycmd"
	"github.com/curfewkv/curfew/internal/command/lifecmd"
	"github.com/curfewkv/curfew/internal/command/pubsubcmd"
	"github.com/curfewkv/curfew/internal/command/servercmd"
	"github.com/curfewkv/curfew/internal/command/slowcmd"
	"github.com/curfewkv/curfew/internal/command/stringcmd"
	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/dispatch"
	"github.com/curfewkv/curfew/internal/latency"
	"github.com/curfewkv/curfew/internal/metrics"
	"github.com/curfewkv/curfew/internal/monitor"
	"github.com/curfewkv/curfew/internal/pubsub"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/internal/slowlog"
	"github.com/curfewkv/curfew/internal/tracking"
	"github.com/curfewkv/curfew/internal/watch"
)

// services are the parts between the commands and the journal.
type services struct {
	pubsub   *pubsub.Registry
	notifier *pubsub.Notifier
	watch    *watch.Service
	tracking *tracking.Table
	monitor  *monitor.Feed
	slow     *slowlog.Log
	latency  *latency.Monitor
}

// buildServices makes the services. Their order is that in which the journal's consumers see a record.
func (s *Server) buildServices() {
	sv := &s.services
	sv.watch = watch.New(s.journal, watch.LookupIn(s.keyspace, s.clock))
	sv.tracking = tracking.New(tracking.Config{
		Journal: s.journal, Sessions: s.sessions, Limit: s.hardLimit, MaxKeys: s.settings.trackingMax.Get,
	})
	sv.pubsub = pubsub.New(func() int64 { return s.settings.outputLimit.Get(config.PubSubClients).Hard })
	sv.notifier = pubsub.NewNotifier(s.journal, sv.pubsub)
	sv.monitor = monitor.New(s.hardLimit)
	sv.slow = slowlog.New(s.settings.slowLen.Get)
	sv.latency = latency.New(s.settings.latencyThreshold.Get)
}

// hardLimit is the hard output limit of a session in bytes, 0 for none.
func (s *Server) hardLimit(sess *session.Session) int64 {
	return s.settings.outputLimit.Get(classOf(sess)).Hard
}

// classOf is the session's row in client-output-buffer-limit.
func classOf(sess *session.Session) config.ClientClass {
	if sess.HasFlag(session.FlagPubSub) {
		return config.PubSubClients
	}
	return config.NormalClients
}

// applyServices hands configuration to the services.
func (s *Server) applyServices() {
	s.services.notifier.Set(notifications(s.settings.notify.Get()))
	for s.services.tracking.Trim(trimKeys) {
	}
}

// forget removes a session that went away.
func (sv *services) forget(s *session.Session) {
	sv.pubsub.Drop(s)
	sv.tracking.Off(s)
	sv.monitor.Remove(s)
}

// trimKeys is how many remembered keys are forgotten between two looks at the limit.
const trimKeys = 100

// families are the commands of the server.
func (s *Server) families() [][]*command.Spec {
	table := func() *command.Table { return s.table }
	dispatcher := func() *dispatch.Dispatcher { return s.dispatch }
	sv := &s.services
	return [][]*command.Spec{
		stringcmd.Specs(s.settings.maxBulk.Get),
		keycmd.Specs(s.settings.lazyUserFlush.Get),
		lifecmd.Specs(),
		dispatch.Transactions(dispatcher),
		pubsubcmd.Specs(sv.pubsub),
		conncmd.Specs(&conncmd.Deps{
			Clients: s.sessions, PubSub: sv.pubsub, Tracking: sv.tracking, Monitor: sv.monitor, Pause: s.pause,
			Discard:    func(sess *session.Session) { s.dispatch.Discard(sess) },
			Password:   s.settings.password.Get,
			AppendOnly: func() bool { return false },
			Version:    Version,
		}),
		infocmd.Specs(table),
		slowcmd.Specs(&slowcmd.Deps{Slowlog: sv.slow, Latency: sv.latency, Histograms: s.histograms, Facts: s.latencyFacts}),
		servercmd.Specs(&servercmd.Deps{
			Config: s.config, Table: table, Clock: s.clock, Info: s.info, ResetStats: s.resetStats, Memory: s.memoryStats,
			Purge: s.purge, AllocatorReport: s.allocatorReport, Shutdown: s.Stop, RunID: s.runID,
			Log: func(text string) { s.log.Info(text) },
		}),
	}
}

// histograms hands the durations of each command that was called to fn.
func (s *Server) histograms(fn func(name string, durations *metrics.Histogram)) {
	for _, c := range s.dispatch.CommandTotals() {
		if c.Histogram != nil && c.Histogram.Count() > 0 {
			fn(c.Spec.Full, c.Histogram)
		}
	}
}

// latencyFacts are what LATENCY DOCTOR asks.
func (s *Server) latencyFacts() latency.Facts {
	huge, _ := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	return latency.Facts{SlowlogMicros: s.settings.slowerThan.Get(), HugePages: strings.Contains(string(huge), "[always]")}
}

func (s *Server) resetStats() {
	s.dispatch.ResetStats()
	s.metrics.Reset()
}

func (s *Server) dispatchOptions(workers int) dispatch.Options {
	sv := &s.services
	return dispatch.Options{
		Keyspace: s.keyspace, Table: s.table, Clock: s.clock, Watch: sv.watch, Tracking: sv.tracking, Pause: s.pause,
		Observe:         &observer{feed: sv.monitor, slow: sv.slow, latency: sv.latency, settings: s.settings, log: s.log, monotonic: s.clock.Mono},
		Password:        s.settings.password.Get,
		MaxBulk:         s.settings.maxBulk.Get,
		LatencyTracking: s.settings.latencyTracking.Get,
		DebugAllowed:    s.debugAllowed,
		OOMDetail:       s.explainOOM,
		Workers:         workers,
	}
}

// debugAllowed is the gate of protected commands.
func (s *Server) debugAllowed(sess *session.Session, spec *command.Spec) error {
	mode := s.settings.debugCommand.String()
	if mode == "yes" || mode == "local" && sess.Local {
		return nil
	}
	return command.Errorf("ERR %s command not allowed. If the enable-%s-command option is set to \"local\", you can run it from a local connection, "+
		"otherwise you need to set this option in the configuration file, and then restart the server.", strings.ToUpper(spec.Name), spec.Name)
}

// declareFigures declares the services' fields of INFO's section Stats.
func (sv *services) declareFigures(m *metrics.Set) {
	const sec = "stats"
	m.Gauge(sec, "pubsub_channels", "channels with subscribers", func() int64 { n, _, _, _ := sv.pubsub.Counts(); return n })
	m.Gauge(sec, "pubsub_patterns", "patterns with subscribers", func() int64 { _, n, _, _ := sv.pubsub.Counts(); return n })
	m.Gauge(sec, "pubsubshard_channels", "shard channels with subscribers", func() int64 { _, _, n, _ := sv.pubsub.Counts(); return n })
	m.Gauge(sec, "tracking_total_keys", "keys remembered for client-side caching", func() int64 { _, n, _, _ := sv.tracking.Counts(); return n })
	m.Gauge(sec, "tracking_total_items", "sessions over all of them", func() int64 { _, _, n, _ := sv.tracking.Counts(); return n })
	m.Gauge(sec, "tracking_total_prefixes", "prefixes of broadcasting mode", func() int64 { _, _, _, n := sv.tracking.Counts(); return n })
}

// trackingClients is the number of sessions with tracking on.
func (sv *services) trackingClients() int64 {
	n, _, _, _ := sv.tracking.Counts()
	return n
}
