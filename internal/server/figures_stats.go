package server

import (
	"fmt"

	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/metrics"
)

// statFigures declares the section Stats.
func (s *Server) statFigures() {
	const sec = "stats"
	m := s.metrics
	count := func(name, help string, fn func(c *keyspace.Counts) int64) {
		m.CounterFunc(sec, name, help, func() int64 { return fn(&s.snapshot.counts) })
	}
	counter := func(name, help string) *metrics.Counter { return m.Counter(sec, name, help, metrics.Resettable()) }
	s.stats.connections = counter("total_connections_received", "connections accepted")
	m.CounterFunc(sec, "total_commands_processed", "commands run", s.dispatch.TotalCalls)
	m.Gauge(sec, "instantaneous_ops_per_sec", "commands per second lately", func() int64 { return int64(s.snapshot.ops) })
	s.stats.netIn = counter("total_net_input_bytes", "bytes received")
	s.stats.netOut = counter("total_net_output_bytes", "bytes sent")
	s.text(sec, "instantaneous_input_kbps", "KiB received per second lately", func() string { return fmt.Sprintf("%.2f", s.snapshot.in/1024) })
	s.text(sec, "instantaneous_output_kbps", "KiB sent per second lately", func() string { return fmt.Sprintf("%.2f", s.snapshot.out/1024) })
	s.stats.rejected = counter("rejected_connections", "connections refused for maxclients or protected mode")
	s.fixed(sec, "sync_full", "0")
	s.fixed(sec, "sync_partial_ok", "0")
	s.fixed(sec, "sync_partial_err", "0")
	count("expired_keys", "keys removed at their deadline", func(c *keyspace.Counts) int64 { return c.ExpiredActive + c.ExpiredLazy })
	count("expired_keys_active", "of these, without a reader", func(c *keyspace.Counts) int64 { return c.ExpiredActive })
	s.fixed(sec, "expired_stale_perc", "0.00")
	s.fixed(sec, "expired_time_cap_reached_count", "0")
	m.Gauge(sec, "expire_due_backlog", "due keys still in memory", func() int64 { return s.snapshot.backlog })
	m.Gauge(sec, "expire_next_deadline_ms", "unix time in ms of the nearest deadline, a lower bound; -1: none", func() int64 { return s.snapshot.nextDeadlineMs })
	s.text(sec, "expire_clock", "clock of relative TTLs", s.settings.expireClock.String)
	m.CounterFunc(sec, "clock_steps", "steps of the wall clock since start", s.steps.Steps)
	m.Gauge(sec, "clock_last_step_ms", "the last step", s.steps.LastStepMs)
	count("evicted_keys", "keys removed to stay within maxmemory", func(c *keyspace.Counts) int64 { return c.Evicted })
	s.stats.evictedClients = counter("evicted_clients", "clients closed to stay within maxmemory-clients")
	count("evicted_while_expired_present", "keys evicted while a due one was in the same shard; always 0", func(c *keyspace.Counts) int64 { return c.EvictedExpiredPresent })
	m.Gauge(sec, "evicted_age_avg_ms", "mean time since last access of evicted keys", func() int64 {
		c := &s.snapshot.counts
		return c.EvictedAgeMs / max(1, c.Evicted)
	})
	m.Gauge(sec, "evicted_age_max_ms", "longest time since last access of an evicted key", func() int64 { return s.snapshot.counts.EvictedAgeMax })
	s.text(sec, "eviction_lag_percentiles_usec", "time that commands waited for room", func() string {
		return percentiles(s.keyspace.EvictionLag, []float64{50, 99, 99.9})
	})
	s.fixed(sec, "total_eviction_exceeded_time", "0")
	s.fixed(sec, "current_eviction_exceeded_time", "0")
	count("keyspace_hits", "reads of keys that were there", func(c *keyspace.Counts) int64 { return c.Hits })
	count("keyspace_misses", "reads of keys that were not", func(c *keyspace.Counts) int64 { return c.Misses })
	s.services.declareFigures(m)
	s.fixed(sec, "latest_fork_usec", "0")
	s.fixed(sec, "total_forks", "0")
	count("active_defrag_key_hits", "entries moved out of sparse pages", func(c *keyspace.Counts) int64 { return c.DefragMoved })
	s.fixed(sec, "unexpected_error_replies", "0")
	m.CounterFunc(sec, "total_error_replies", "error replies", s.dispatch.Errors.Total)
}
