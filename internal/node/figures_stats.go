package node

import (
	"fmt"

	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/metrics"
)

// defragShare is how much of an event loop's time defragmentation may take, in percent.
const defragShare = 10

// statFigures declares the fields of the section Stats that tell of keys and commands.
func (n *Node) statFigures() {
	const sec = "stats"
	m := n.Metrics
	count := func(name, help string, fn func(c *keyspace.Counts) int64) {
		m.CounterFunc(sec, name, help, func() int64 { return fn(&n.seen.counts) })
	}
	m.CounterFunc(sec, "total_commands_processed", "commands run", n.Dispatch.TotalCalls)
	m.Gauge(sec, "instantaneous_ops_per_sec", "commands per second lately", func() int64 { return int64(n.seen.rate.ops) })
	count("expired_keys", "keys removed at their deadline", func(c *keyspace.Counts) int64 { return c.ExpiredActive + c.ExpiredLazy })
	count("expired_keys_active", "of these, without a reader", func(c *keyspace.Counts) int64 { return c.ExpiredActive })
	count("expire_cycle_cpu_milliseconds", "time spent removing keys at their deadline", func(c *keyspace.Counts) int64 { return c.ExpireNs / 1e6 })
	m.Gauge(sec, "expire_due_backlog", "due keys still in memory", func() int64 { return n.seen.backlog })
	m.Gauge(sec, "expire_next_deadline_ms", "unix time in ms of the nearest deadline, a lower bound; -1: none", func() int64 { return n.seen.nextDeadlineMs })
	m.Text(sec, "expire_clock", "clock of relative TTLs", n.Keys.ExpireClock.String)
	m.CounterFunc(sec, "clock_steps", "steps of the wall clock since start", n.steps.Steps)
	m.Gauge(sec, "clock_last_step_ms", "the last step", n.steps.LastStepMs)
	count("evicted_keys", "keys removed to stay within maxmemory", func(c *keyspace.Counts) int64 { return c.Evicted })
	count("evicted_while_expired_present", "keys evicted while a due one was in the same shard; always 0", func(c *keyspace.Counts) int64 { return c.EvictedExpiredPresent })
	m.Gauge(sec, "evicted_age_avg_ms", "mean time since last access of evicted keys", func() int64 {
		c := &n.seen.counts
		return c.EvictedAgeMs / max(1, c.Evicted)
	})
	m.Gauge(sec, "evicted_age_max_ms", "longest time since last access of an evicted key", func() int64 { return n.seen.counts.EvictedAgeMax })
	m.Text(sec, "eviction_lag_percentiles_usec", "time that commands waited for room", func() string {
		return percentiles(n.Keyspace.EvictionLag, []float64{50, 99, 99.9})
	})
	m.CounterFunc(sec, "total_eviction_exceeded_time", "ms with used_memory over maxmemory", func() int64 { _, ms := n.exceeded.ms(n.Clock.Mono()); return ms })
	m.Gauge(sec, "current_eviction_exceeded_time", "ms since used_memory rose over maxmemory, 0: it is not", func() int64 { ms, _ := n.exceeded.ms(n.Clock.Mono()); return ms })
	count("keyspace_hits", "reads of keys that were there", func(c *keyspace.Counts) int64 { return c.Hits })
	count("keyspace_misses", "reads of keys that were not", func(c *keyspace.Counts) int64 { return c.Misses })
	for _, name := range []string{"active_defrag_hits", "active_defrag_key_hits"} {
		count(name, "entries moved out of sparse pages", func(c *keyspace.Counts) int64 { return c.DefragMoved })
	}
	for _, name := range []string{"active_defrag_misses", "active_defrag_key_misses"} {
		count(name, "entries looked at and left where they were", func(c *keyspace.Counts) int64 { return c.DefragLeft })
	}
	count("total_active_defrag_time", "ms spent moving entries", func(c *keyspace.Counts) int64 { return c.DefragNs / 1e6 })
	m.CounterFunc(sec, "total_error_replies", "error replies", n.Dispatch.Errors.Total)
	m.CounterFunc(sec, "acl_access_denied_auth", "wrong passwords", func() int64 { return n.Dispatch.Errors.Of("WRONGPASS") })
}

// serviceFigures declares the services' fields of the section Stats.
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

// trafficFigures declares the counters of the transport, and the fields that show them.
func (n *Node) trafficFigures() {
	const sec = "stats"
	m, t := n.Metrics, &n.Traffic
	counter := func(name, help string) *metrics.Counter { return m.Counter(sec, name, help, metrics.Resettable()) }
	t.Connections = counter("total_connections_received", "connections accepted")
	t.NetIn = counter("total_net_input_bytes", "bytes received")
	t.NetOut = counter("total_net_output_bytes", "bytes sent")
	t.Rejected = counter("rejected_connections", "connections refused for maxclients or protected mode")
	t.EvictedClients = counter("evicted_clients", "clients closed to stay within maxmemory-clients")
	t.QueryLimit = counter("client_query_buffer_limit_disconnections", "clients closed over client-query-buffer-limit")
	t.OutputLimit = counter("client_output_buffer_limit_disconnections", "clients closed over client-output-buffer-limit")
	t.reads = counter("total_reads_processed", "reads from clients")
	t.writes = counter("total_writes_processed", "writes to clients")
	t.turns = counter("eventloop_cycles", "turns of all event loops")
	m.Text(sec, "instantaneous_input_kbps", "KiB received per second lately", func() string { return fmt.Sprintf("%.2f", n.seen.rate.in/1024) })
	m.Text(sec, "instantaneous_output_kbps", "KiB sent per second lately", func() string { return fmt.Sprintf("%.2f", n.seen.rate.out/1024) })

	t.busyNs, t.tickNs, t.defragging = metrics.NewCounter(), metrics.NewCounter(), metrics.NewCounter()
	m.OnReset(func() {
		t.busyNs.Reset()
		t.tickNs.Reset()
		t.maxBusyNs.Store(0)
		t.maxCommands.Store(0)
	})
	us := func(section, name, help string, ns func() int64) {
		m.CounterFunc(section, name, help, func() int64 { return ns() / 1e3 })
	}
	us(sec, "eventloop_duration_sum", "microseconds that the event loops did not sleep", t.busyNs.Load)
	us(sec, "eventloop_duration_cmd_sum", "microseconds that commands took", n.Dispatch.TotalNs)
	m.Gauge(sec, "instantaneous_eventloop_cycles_per_sec", "turns of all event loops per second lately", func() int64 { return int64(n.seen.rate.turns) })
	m.Gauge(sec, "instantaneous_eventloop_duration_usec", "mean microseconds of a turn lately", func() int64 { return int64(n.seen.rate.turnNs / 1e3) })
	us("debug", "eventloop_duration_cron_sum", "microseconds of periodic work", t.tickNs.Load)
	us("debug", "eventloop_duration_max", "microseconds of the longest turn", t.maxBusyNs.Load)
	m.Gauge("debug", "eventloop_cmd_per_cycle_max", "the most commands in a turn", t.maxCommands.Load)
	m.Gauge("memory", "active_defrag_running", "percent of an event loop's time that defragmentation may take now", func() int64 {
		return min(1, t.defragging.Load()) * defragShare
	})
	m.Gauge(sec, "current_active_defrag_time", "ms since defragmentation began, 0: it rests", func() int64 { return n.Traffic.defragMs(n.Clock.Mono()) })
}
