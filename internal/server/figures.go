package server

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
)

// declareFigures declares the fields of INFO that the server owns, section by section, under Redis's names. The functions
// read s.snapshot, which INFO takes once.
func (s *Server) declareFigures() {
	s.serverFigures()
	s.clientFigures()
	s.memoryFigures()
	s.persistenceFigures()
	s.statFigures()
	s.replicationFigures()
	s.cpuFigures()
	s.absentFigures()
	s.metrics.Gauge("cluster", "cluster_enabled", "whether cluster mode is on", func() int64 { return 0 })
}

func (s *Server) text(section, name, help string, fn func() string) {
	s.metrics.Text(section, name, help, fn)
}

// fixed declares a field whose value never changes.
func (s *Server) fixed(section, name, value string) {
	s.metrics.Text(section, name, "", func() string { return value })
}

func (s *Server) serverFigures() {
	const sec = "server"
	s.fixed(sec, "redis_version", Version)
	s.fixed(sec, "redis_git_sha1", "00000000")
	s.fixed(sec, "redis_git_dirty", "0")
	s.fixed(sec, "redis_build_id", "0")
	s.fixed(sec, "redis_mode", "standalone")
	s.fixed(sec, "curfew_version", CurfewVersion)
	s.fixed(sec, "os", osName())
	s.fixed(sec, "arch_bits", strconv.Itoa(strconv.IntSize))
	s.fixed(sec, "monotonic_clock", "POSIX clock_gettime")
	s.fixed(sec, "multiplexing_api", "epoll")
	s.fixed(sec, "go_version", runtime.Version())
	s.fixed(sec, "process_id", strconv.Itoa(os.Getpid()))
	s.fixed(sec, "process_supervised", "no")
	s.fixed(sec, "run_id", s.runID)
	s.metrics.Gauge(sec, "tcp_port", "TCP port", s.settings.port.Get)
	s.metrics.Gauge(sec, "server_time_usec", "unix time in microseconds", func() int64 { return s.clock.Now().Wall / 1000 })
	s.metrics.Gauge(sec, "uptime_in_seconds", "seconds since start", func() int64 { return s.uptime() })
	s.metrics.Gauge(sec, "uptime_in_days", "days since start", func() int64 { return s.uptime() / 86400 })
	s.fixed(sec, "hz", "10")
	s.fixed(sec, "configured_hz", "10")
	s.metrics.Gauge(sec, "lru_clock", "access clock in seconds", func() int64 { return s.clock.Mono() / 1e9 & (1<<24 - 1) })
	exe, _ := os.Executable()
	s.fixed(sec, "executable", exe)
	s.text(sec, "config_file", "configuration file", s.config.Path)
	s.fixed(sec, "io_threads_active", "0")
	s.text(sec, "event_loops", "event loops", func() string { return strconv.Itoa(len(s.loops)) })
	s.text(sec, "shards", "lock units of the keyspace", func() string { return strconv.Itoa(s.keyspace.Shards()) })
}

func (s *Server) uptime() int64 { return (s.clock.Mono() - s.started.Mono) / int64(time.Second) }

func (s *Server) clientFigures() {
	const sec = "clients"
	m, clients := s.metrics, &s.snapshot.clients
	m.Gauge(sec, "connected_clients", "connected clients", func() int64 { return int64(s.sessions.Len()) })
	s.fixed(sec, "cluster_connections", "0")
	m.Gauge(sec, "maxclients", "limit of connected clients", s.settings.maxClients.Get)
	m.Gauge(sec, "client_recent_max_input_buffer", "largest query buffer now", func() int64 { return clients.input })
	m.Gauge(sec, "client_recent_max_output_buffer", "largest output now", func() int64 { return clients.output })
	m.Gauge(sec, "blocked_clients", "clients that wait", func() int64 { return clients.blocked })
	m.Gauge(sec, "tracking_clients", "clients with tracking on", s.services.trackingClients)
	m.Gauge(sec, "pubsub_clients", "clients with subscriptions", func() int64 { _, _, _, n := s.services.pubsub.Counts(); return n })
	m.Gauge(sec, "watching_clients", "clients that watch keys", func() int64 { n, _ := s.services.watch.Counts(); return n })
	m.Gauge(sec, "clients_in_timeout_table", "clients that wait with a timeout", func() int64 { return clients.blocked })
	m.Gauge(sec, "total_watched_keys", "keys under WATCH", func() int64 { _, n := s.services.watch.Counts(); return n })
	s.fixed(sec, "total_blocking_keys", "0")
	s.fixed(sec, "total_blocking_keys_on_nokey", "0")
}

func (s *Server) memoryFigures() {
	const sec = "memory"
	bytes := func(name, help string, fn func() int64) {
		s.metrics.Gauge(sec, name, help, fn)
		s.text(sec, name+"_human", help, func() string { return human(fn()) })
	}
	snap := &s.snapshot
	bytes("used_memory", "bytes in use", func() int64 { return snap.used })
	bytes("used_memory_rss", "resident bytes", func() int64 { return snap.rss })
	bytes("used_memory_peak", "largest used_memory", s.stats.peakMemory.Load)
	s.text(sec, "used_memory_peak_perc", "used_memory in percent of its peak", func() string {
		return fmt.Sprintf("%.2f%%", 100*float64(snap.used)/float64(max(1, s.stats.peakMemory.Load())))
	})
	s.metrics.Gauge(sec, "used_memory_overhead", "bytes of index and connections", func() int64 { return snap.overhead })
	s.metrics.Gauge(sec, "used_memory_startup", "bytes in use at start", func() int64 { return 0 })
	s.metrics.Gauge(sec, "used_memory_dataset", "bytes of entries", func() int64 { return snap.used - snap.overhead })
	s.text(sec, "used_memory_dataset_perc", "dataset in percent of used_memory", func() string {
		return fmt.Sprintf("%.2f%%", 100*float64(snap.used-snap.overhead)/float64(max(1, snap.used)))
	})
	s.metrics.Gauge(sec, "allocator_allocated", "bytes of live blocks", s.keyspace.UsedByData)
	s.metrics.Gauge(sec, "allocator_active", "bytes of pages in use", s.keyspace.Committed)
	s.metrics.Gauge(sec, "allocator_resident", "bytes of pages that may be resident", s.keyspace.Committed)
	total := totalSystemMemory()
	bytes("total_system_memory", "memory of the machine", func() int64 { return total })
	bytes("used_memory_lua", "bytes of the script engine", func() int64 { return 0 })
	bytes("maxmemory", "limit of used_memory", s.settings.maxMemory.Get)
	s.text(sec, "maxmemory_policy", "eviction policy", s.settings.policy.String)
	s.text(sec, "allocator_frag_ratio", "pages in use over live blocks", func() string {
		return ratio(s.keyspace.Committed(), s.keyspace.UsedByData())
	})
	s.metrics.Gauge(sec, "allocator_frag_bytes", "pages in use minus live blocks", func() int64 { return s.keyspace.Committed() - s.keyspace.UsedByData() })
	s.text(sec, "mem_fragmentation_ratio", "resident over used memory", func() string { return ratio(snap.rss, snap.used) })
	s.metrics.Gauge(sec, "mem_fragmentation_bytes", "resident minus used memory", func() int64 { return snap.rss - snap.used })
	s.fixed(sec, "mem_not_counted_for_evict", "0")
	s.fixed(sec, "mem_replication_backlog", "0")
	s.fixed(sec, "mem_total_replication_buffers", "0")
	s.fixed(sec, "mem_clients_slaves", "0")
	s.metrics.Gauge(sec, "mem_clients_normal", "bytes of connections", s.keyspace.External)
	s.fixed(sec, "mem_cluster_links", "0")
	s.fixed(sec, "mem_aof_buffer", "0")
	s.fixed(sec, "mem_allocator", "curfew-arena")
	s.fixed(sec, "active_defrag_running", "0")
	s.metrics.Gauge(sec, "lazyfree_pending_objects", "entries of flushed databases still to be freed", func() int64 { return snap.counts.Pending })
	s.metrics.Gauge(sec, "lazyfreed_objects", "entries freed in the background", func() int64 { return snap.counts.LazyFreed })
}

func ratio(a, b int64) string { return fmt.Sprintf("%.2f", float64(a)/float64(max(1, b))) }

func (s *Server) persistenceFigures() {
	const sec = "persistence"
	for _, name := range []string{"loading", "async_loading"} {
		s.fixed(sec, name, "0")
	}
	s.metrics.Gauge(sec, "rdb_changes_since_last_save", "changes since start: nothing is saved", func() int64 { return s.snapshot.counts.Dirty })
	s.fixed(sec, "rdb_bgsave_in_progress", "0")
	s.metrics.Gauge(sec, "rdb_last_save_time", "unix time of the start: nothing is saved", func() int64 { return s.started.Wall / 1e9 })
	s.fixed(sec, "rdb_last_bgsave_status", "ok")
	s.fixed(sec, "aof_enabled", "0")
	s.fixed(sec, "aof_rewrite_in_progress", "0")
}

func (s *Server) replicationFigures() {
	const sec = "replication"
	s.fixed(sec, "role", "master")
	s.fixed(sec, "connected_slaves", "0")
	s.fixed(sec, "master_failover_state", "no-failover")
	s.fixed(sec, "master_replid", s.runID)
	s.fixed(sec, "master_repl_offset", "0")
	s.fixed(sec, "second_repl_offset", "-1")
	s.fixed(sec, "repl_backlog_active", "0")
}

func (s *Server) cpuFigures() {
	const sec = "cpu"
	s.text(sec, "used_cpu_sys", "seconds in the kernel", func() string { return seconds(s.snapshot.usage.Stime) })
	s.text(sec, "used_cpu_user", "seconds in user code", func() string { return seconds(s.snapshot.usage.Utime) })
	s.fixed(sec, "used_cpu_sys_children", "0.000000")
	s.fixed(sec, "used_cpu_user_children", "0.000000")
}
