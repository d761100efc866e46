package node

import "fmt"

// declareFigures declares the fields of INFO that the node owns, section by section, under Redis's names. The functions
// read n.seen, which INFO fills once.
func (n *Node) declareFigures() {
	n.clientFigures()
	n.memoryFigures()
	n.persistenceFigures()
	n.statFigures()
	n.replicationFigures()
	n.absentFigures()
	n.Metrics.Gauge("cluster", "cluster_enabled", "whether cluster mode is on", func() int64 { return 0 })
}

func (n *Node) text(section, name, help string, fn func() string) {
	n.Metrics.Text(section, name, help, fn)
}

// fixed declares a field whose value never changes.
func (n *Node) fixed(section, name, value string) {
	n.Metrics.Text(section, name, "", func() string { return value })
}

func (n *Node) clientFigures() {
	const sec = "clients"
	m, clients := n.Metrics, &n.seen.clients
	m.Gauge(sec, "connected_clients", "connected clients", func() int64 { return int64(n.Sessions.Len()) })
	n.fixed(sec, "cluster_connections", "0")
	m.Gauge(sec, "client_recent_max_input_buffer", "largest query buffer now", func() int64 { return clients.input })
	m.Gauge(sec, "client_recent_max_output_buffer", "largest output now", func() int64 { return clients.output })
	m.Gauge(sec, "blocked_clients", "clients that wait", func() int64 { return clients.blocked })
	m.Gauge(sec, "tracking_clients", "clients with tracking on", func() int64 { c, _, _, _ := n.Tracking.Counts(); return c })
	m.Gauge(sec, "pubsub_clients", "clients with subscriptions", func() int64 { _, _, _, c := n.PubSub.Counts(); return c })
	m.Gauge(sec, "watching_clients", "clients that watch keys", func() int64 { c, _ := n.Watch.Counts(); return c })
	m.Gauge(sec, "clients_in_timeout_table", "clients that wait with a timeout", func() int64 { return n.Dispatch.InTimeoutTable() })
	m.Gauge(sec, "total_watched_keys", "keys under WATCH", func() int64 { _, c := n.Watch.Counts(); return c })
	n.fixed(sec, "total_blocking_keys", "0")
	n.fixed(sec, "total_blocking_keys_on_nokey", "0")
}

func (n *Node) memoryFigures() {
	const sec = "memory"
	bytes := func(name, help string, fn func() int64) {
		n.Metrics.Gauge(sec, name, help, fn)
		n.text(sec, name+"_human", help, func() string { return human(fn()) })
	}
	seen := &n.seen
	bytes("used_memory", "bytes in use", func() int64 { return seen.used })
	bytes("used_memory_rss", "resident bytes", func() int64 { return seen.rss })
	bytes("used_memory_peak", "largest used_memory", n.peak.bytes.Load)
	n.text(sec, "used_memory_peak_perc", "used_memory in percent of its peak", func() string {
		return fmt.Sprintf("%.2f%%", 100*float64(seen.used)/float64(max(1, n.peak.bytes.Load())))
	})
	n.Metrics.Gauge(sec, "used_memory_overhead", "bytes of index and connections", func() int64 { return seen.overhead })
	n.Metrics.Gauge(sec, "used_memory_startup", "bytes in use at start", func() int64 { return 0 })
	n.Metrics.Gauge(sec, "used_memory_dataset", "bytes of entries", func() int64 { return seen.used - seen.overhead })
	n.text(sec, "used_memory_dataset_perc", "dataset in percent of used_memory", func() string {
		return fmt.Sprintf("%.2f%%", 100*float64(seen.used-seen.overhead)/float64(max(1, seen.used)))
	})
	n.Metrics.Gauge(sec, "allocator_allocated", "bytes of live blocks", n.Keyspace.UsedByData)
	n.Metrics.Gauge(sec, "allocator_active", "bytes of pages in use", n.Keyspace.Committed)
	n.Metrics.Gauge(sec, "allocator_resident", "bytes of pages that may be resident", n.Keyspace.Committed)
	total := n.process.SystemMemory
	bytes("total_system_memory", "memory of the machine", func() int64 { return total })
	bytes("used_memory_lua", "bytes of the script engine", func() int64 { return 0 })
	bytes("maxmemory", "limit of used_memory", n.Keys.MaxMemory.Get)
	n.text(sec, "maxmemory_policy", "eviction policy", n.Keys.Policy.String)
	n.text(sec, "allocator_frag_ratio", "pages in use over live blocks", func() string {
		return ratio(n.Keyspace.Committed(), n.Keyspace.UsedByData())
	})
	n.Metrics.Gauge(sec, "allocator_frag_bytes", "pages in use minus live blocks", func() int64 { return n.Keyspace.Committed() - n.Keyspace.UsedByData() })
	n.text(sec, "mem_fragmentation_ratio", "resident over used memory", func() string { return ratio(seen.rss, seen.used) })
	n.Metrics.Gauge(sec, "mem_fragmentation_bytes", "resident minus used memory", func() int64 { return seen.rss - seen.used })
	n.fixed(sec, "mem_not_counted_for_evict", "0")
	n.fixed(sec, "mem_replication_backlog", "0")
	n.fixed(sec, "mem_total_replication_buffers", "0")
	n.fixed(sec, "mem_clients_slaves", "0")
	n.Metrics.Gauge(sec, "mem_clients_normal", "bytes of connections", n.Keyspace.External)
	n.fixed(sec, "mem_cluster_links", "0")
	n.fixed(sec, "mem_aof_buffer", "0")
	n.fixed(sec, "mem_allocator", "curfew-arena")
	n.fixed(sec, "active_defrag_running", "0")
	n.Metrics.Gauge(sec, "lazyfree_pending_objects", "entries of flushed databases still to be freed", func() int64 { return seen.counts.Pending })
	n.Metrics.Gauge(sec, "lazyfreed_objects", "entries freed in the background", func() int64 { return seen.counts.LazyFreed })
}

func ratio(a, b int64) string { return fmt.Sprintf("%.2f", float64(a)/float64(max(1, b))) }

func (n *Node) persistenceFigures() {
	const sec = "persistence"
	for _, name := range []string{"loading", "async_loading"} {
		n.fixed(sec, name, "0")
	}
	n.Metrics.Gauge(sec, "rdb_changes_since_last_save", "changes since start: nothing is saved", func() int64 { return n.seen.counts.Dirty })
	n.fixed(sec, "rdb_bgsave_in_progress", "0")
	n.Metrics.Gauge(sec, "rdb_last_save_time", "unix time of the start: nothing is saved", func() int64 { return n.Started.Wall / 1e9 })
	n.fixed(sec, "rdb_last_bgsave_status", "ok")
	n.fixed(sec, "aof_enabled", "0")
	n.fixed(sec, "aof_rewrite_in_progress", "0")
}

func (n *Node) replicationFigures() {
	const sec = "replication"
	n.fixed(sec, "role", "master")
	n.fixed(sec, "connected_slaves", "0")
	n.fixed(sec, "master_failover_state", "no-failover")
	n.fixed(sec, "master_replid", n.RunID)
	n.fixed(sec, "master_repl_offset", "0")
	n.fixed(sec, "second_repl_offset", "-1")
	n.fixed(sec, "repl_backlog_active", "0")
}
