package node

import (
	"fmt"

	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/metrics"
)

// statFigures declares the section Stats.
func (n *Node) statFigures() {
	const sec = "stats"
	m := n.Metrics
	count := func(name, help string, fn func(c *keyspace.Counts) int64) {
		m.CounterFunc(sec, name, help, func() int64 { return fn(&n.seen.counts) })
	}
	counter := func(name, help string) *metrics.Counter { return m.Counter(sec, name, help, metrics.Resettable()) }
	n.Traffic.Connections = counter("total_connections_received", "connections accepted")
	m.CounterFunc(sec, "total_commands_processed", "commands run", n.Dispatch.TotalCalls)
	m.Gauge(sec, "instantaneous_ops_per_sec", "commands per second lately", func() int64 { return int64(n.seen.ops) })
	n.Traffic.NetIn = counter("total_net_input_bytes", "bytes received")
	n.Traffic.NetOut = counter("total_net_output_bytes", "bytes sent")
	n.text(sec, "instantaneous_input_kbps", "KiB received per second lately", func() string { return fmt.Sprintf("%.2f", n.seen.in/1024) })
	n.text(sec, "instantaneous_output_kbps", "KiB sent per second lately", func() string { return fmt.Sprintf("%.2f", n.seen.out/1024) })
	n.Traffic.Rejected = counter("rejected_connections", "connections refused for maxclients or protected mode")
	n.fixed(sec, "sync_full", "0")
	n.fixed(sec, "sync_partial_ok", "0")
	n.fixed(sec, "sync_partial_err", "0")
	count("expired_keys", "keys removed at their deadline", func(c *keyspace.Counts) int64 { return c.ExpiredActive + c.ExpiredLazy })
	count("expired_keys_active", "of these, without a reader", func(c *keyspace.Counts) int64 { return c.ExpiredActive })
	n.fixed(sec, "expired_stale_perc", "0.00")
	n.fixed(sec, "expired_time_cap_reached_count", "0")
	m.Gauge(sec, "expire_due_backlog", "due keys still in memory", func() int64 { return n.seen.backlog })
	m.Gauge(sec, "expire_next_deadline_ms", "unix time in ms of the nearest deadline, a lower bound; -1: none", func() int64 { return n.seen.nextDeadlineMs })
	n.text(sec, "expire_clock", "clock of relative TTLs", n.Keys.ExpireClock.String)
	m.CounterFunc(sec, "clock_steps", "steps of the wall clock since start", n.steps.Steps)
	m.Gauge(sec, "clock_last_step_ms", "the last step", n.steps.LastStepMs)
	count("evicted_keys", "keys removed to stay within maxmemory", func(c *keyspace.Counts) int64 { return c.Evicted })
	n.Traffic.EvictedClients = counter("evicted_clients", "clients closed to stay within maxmemory-clients")
	count("evicted_while_expired_present", "keys evicted while a due one was in the same shard; always 0", func(c *keyspace.Counts) int64 { return c.EvictedExpiredPresent })
	m.Gauge(sec, "evicted_age_avg_ms", "mean time since last access of evicted keys", func() int64 {
		c := &n.seen.counts
		return c.EvictedAgeMs / max(1, c.Evicted)
	})
	m.Gauge(sec, "evicted_age_max_ms", "longest time since last access of an evicted key", func() int64 { return n.seen.counts.EvictedAgeMax })
	n.text(sec, "eviction_lag_percentiles_usec", "time that commands waited for room", func() string {
		return percentiles(n.Keyspace.EvictionLag, []float64{50, 99, 99.9})
	})
	n.fixed(sec, "total_eviction_exceeded_time", "0")
	n.fixed(sec, "current_eviction_exceeded_time", "0")
	count("keyspace_hits", "reads of keys that were there", func(c *keyspace.Counts) int64 { return c.Hits })
	count("keyspace_misses", "reads of keys that were not", func(c *keyspace.Counts) int64 { return c.Misses })
	n.serviceFigures()
	n.fixed(sec, "latest_fork_usec", "0")
	n.fixed(sec, "total_forks", "0")
	count("active_defrag_key_hits", "entries moved out of sparse pages", func(c *keyspace.Counts) int64 { return c.DefragMoved })
	n.fixed(sec, "unexpected_error_replies", "0")
	m.CounterFunc(sec, "total_error_replies", "error replies", n.Dispatch.Errors.Total)
}

// serviceFigures declares the services' fields of INFO's section Stats.
func (n *Node) serviceFigures() {
	const sec = "stats"
	m := n.Metrics
	m.Gauge(sec, "pubsub_channels", "channels with subscribers", func() int64 { c, _, _, _ := n.PubSub.Counts(); return c })
	m.Gauge(sec, "pubsub_patterns", "patterns with subscribers", func() int64 { _, c, _, _ := n.PubSub.Counts(); return c })
	m.Gauge(sec, "pubsubshard_channels", "shard channels with subscribers", func() int64 { _, _, c, _ := n.PubSub.Counts(); return c })
	m.Gauge(sec, "tracking_total_keys", "keys remembered for client-side caching", func() int64 { _, c, _, _ := n.Tracking.Counts(); return c })
	m.Gauge(sec, "tracking_total_items", "sessions over all of them", func() int64 { _, _, c, _ := n.Tracking.Counts(); return c })
	m.Gauge(sec, "tracking_total_prefixes", "prefixes of broadcasting mode", func() int64 { _, _, _, c := n.Tracking.Counts(); return c })
}
