package node

import "fmt"

// declareFigures declares the fields of INFO that the node owns, under Redis's names. The functions read n.seen, which INFO
// fills once.
func (n *Node) declareFigures() {
	n.clientFigures()
	n.memoryFigures()
	n.statFigures()
	n.serviceFigures()
	n.trafficFigures()
	m := n.Metrics
	m.Gauge("persistence", "rdb_changes_since_last_save", "changes since start: nothing is saved", func() int64 { return n.seen.counts.Dirty })
	m.Gauge("persistence", "rdb_last_save_time", "unix time of the start: nothing is saved", func() int64 { return n.Started.Wall / 1e9 })
	m.Text("replication", "master_replid", "name of the history of changes", func() string { return n.RunID })
	n.arrangeInfo()
}

func (n *Node) clientFigures() {
	const sec = "clients"
	m, clients := n.Metrics, &n.seen.clients
	m.Gauge(sec, "connected_clients", "connected clients", func() int64 { return int64(n.Sessions.Len()) })
	m.Gauge(sec, "client_recent_max_input_buffer", "largest query buffer now", func() int64 { return clients.input })
	m.Gauge(sec, "client_recent_max_output_buffer", "largest output now", func() int64 { return clients.output })
	m.Gauge(sec, "blocked_clients", "clients that wait", func() int64 { return clients.blocked })
	m.Gauge(sec, "tracking_clients", "clients with tracking on", func() int64 { c, _, _, _ := n.Tracking.Counts(); return c })
	m.Gauge(sec, "pubsub_clients", "clients with subscriptions", func() int64 { _, _, _, c := n.PubSub.Counts(); return c })
	m.Gauge(sec, "watching_clients", "clients that watch keys", func() int64 { c, _ := n.Watch.Counts(); return c })
	m.Gauge(sec, "clients_in_timeout_table", "clients that wait with a timeout", func() int64 { return n.Dispatch.InTimeoutTable() })
	m.Gauge(sec, "total_watched_keys", "keys under WATCH", func() int64 { _, c := n.Watch.Counts(); return c })
}

func (n *Node) memoryFigures() {
	const sec = "memory"
	m, now := n.Metrics, &n.seen.memory
	bytes := func(name, help string, fn func() int64) { m.Gauge(sec, name, help, fn) }
	both := func(name, help string, fn func() int64) {
		m.Gauge(sec, name, help, fn)
		m.Text(sec, name+"_human", help, func() string { return human(fn()) })
	}
	ratio := func(name, help string, of, to func() int64) {
		m.Text(sec, name, help, func() string { return fmt.Sprintf("%.2f", quotient(of(), to())) })
	}
	percent := func(name, help string, of, to func() int64) {
		m.Text(sec, name, help, func() string { return fmt.Sprintf("%.2f%%", 100*quotient(of(), to())) })
	}
	used, peak := func() int64 { return now.used }, n.peak.bytes.Load
	resident, expected := func() int64 { return now.Resident }, func() int64 { return now.expected() }
	dataset := func() int64 { return now.used - now.overhead }
	anonymous := func() int64 { return now.Resident - now.Code }

	both("used_memory", "bytes in use", used)
	both("used_memory_rss", "resident bytes", resident)
	both("used_memory_peak", "largest used_memory", peak)
	percent("used_memory_peak_perc", "used_memory in percent of its peak", used, peak)
	bytes("used_memory_overhead", "bytes of index, deadlines and clients", func() int64 { return now.overhead })
	bytes("used_memory_dataset", "bytes of keys and values", dataset)
	percent("used_memory_dataset_perc", "dataset in percent of used_memory", dataset, used)
	bytes("used_memory_program", "bytes of the program and of what its runtime took at start, which used_memory leaves out",
		func() int64 { return now.Code + now.Start })
	bytes("allocator_allocated", "bytes of live blocks, Go's heap included", now.allocated)
	bytes("allocator_active", "bytes of the pages that they are in", now.active)
	bytes("allocator_resident", "bytes of the pages that were not given back to the system", now.resident)
	both("total_system_memory", "memory of the machine", func() int64 { return n.process.SystemMemory })
	both("maxmemory", "limit of used_memory", n.Keys.MaxMemory.Get)
	m.Text(sec, "maxmemory_policy", "eviction policy", n.Keys.Policy.String)
	ratio("allocator_frag_ratio", "pages in use over live blocks", now.active, now.allocated)
	bytes("allocator_frag_bytes", "pages in use minus live blocks", func() int64 { return now.active() - now.allocated() })
	ratio("allocator_rss_ratio", "pages not given back over those in use", now.resident, now.active)
	bytes("allocator_rss_bytes", "pages not given back minus those in use", func() int64 { return now.resident() - now.active() })
	ratio("rss_overhead_ratio", "resident bytes, code left out, over those of the allocator", anonymous, now.resident)
	bytes("rss_overhead_bytes", "resident bytes, code left out, minus those of the allocator", func() int64 { return anonymous() - now.resident() })
	ratio("mem_fragmentation_ratio", "resident over used memory, the program itself being in both", resident, expected)
	bytes("mem_fragmentation_bytes", "resident minus used memory, the program itself being in both", func() int64 { return resident() - expected() })
	bytes("mem_clients_normal", "bytes of connections, and of values that no key has any more and that are being sent", n.heldForClients)
	m.Text(sec, "mem_allocator", "the keyspace's allocator", func() string { return "curfew-arena" })
	bytes("lazyfree_pending_objects", "entries of flushed databases still to be freed", func() int64 { return n.seen.counts.Pending })
	bytes("lazyfreed_objects", "entries freed in the background", func() int64 { return n.seen.counts.LazyFreed })
}
