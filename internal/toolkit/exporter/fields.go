package exporter

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/curfewkv/curfew/internal/toolkit/reading"
)

// A field is a number of INFO and the series that shows it.
type field struct {
	info  string
	scale float64
	kind  prometheus.ValueType
	desc  *prometheus.Desc
}

func gauge(info, name, help string) field {
	return field{info: info, scale: 1, kind: prometheus.GaugeValue, desc: series(name, help)}
}

func counter(info, name, help string) field {
	return field{info: info, scale: 1, kind: prometheus.CounterValue, desc: series(name, help)}
}

// times is the field in another unit.
func (f field) times(scale float64) field {
	f.scale = scale
	return f
}

// series describes redis_name; every series of a node has its address.
func series(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("redis_"+name, help, append([]string{"addr"}, labels...), nil)
}

// fields have the names that redis_exporter gives them, but for those of Curfew at the end.
var fields = []field{
	gauge("uptime_in_seconds", "uptime_in_seconds", "Seconds since the server started."),
	gauge("connected_clients", "connected_clients", "Connections of clients."),
	gauge("blocked_clients", "blocked_clients", "Clients that wait in a blocking command."),
	gauge("tracking_clients", "tracking_clients", "Clients that have the keys that they read tracked."),
	gauge("maxclients", "config_maxclients", "Connections that are allowed."),
	gauge("used_memory", "memory_used_bytes", "Memory that the server has allocated."),
	gauge("used_memory_rss", "memory_used_rss_bytes", "Memory of the process as the system sees it."),
	gauge("used_memory_peak", "memory_used_peak_bytes", "The most memory that was ever allocated."),
	gauge("used_memory_overhead", "memory_used_overhead_bytes", "Memory that is not the values' own."),
	gauge("used_memory_startup", "memory_used_startup_bytes", "Memory that the empty server had."),
	gauge("used_memory_dataset", "memory_used_dataset_bytes", "Memory of keys and values."),
	gauge("used_memory_lua", "memory_used_lua_bytes", "Memory of the script engine."),
	gauge("maxmemory", "memory_max_bytes", "The limit of memory; 0: none."),
	gauge("mem_fragmentation_ratio", "mem_fragmentation_ratio", "Memory of the process divided by what is allocated."),
	gauge("mem_not_counted_for_evict", "mem_not_counted_for_eviction_bytes", "Memory that maxmemory does not count: replicas' buffers, AOF."),
	gauge("lazyfree_pending_objects", "lazyfree_pending_objects", "Values that are removed and not yet freed."),
	gauge("loading", "loading_dump_file", "1 while the server loads its data."),
	gauge("rdb_changes_since_last_save", "rdb_changes_since_last_save", "Writes since the last snapshot."),
	gauge("rdb_last_save_time", "rdb_last_save_timestamp_seconds", "When the last snapshot was made."),
	gauge("rdb_last_bgsave_status", "rdb_last_bgsave_status", "1: the last snapshot went well."),
	gauge("aof_enabled", "aof_enabled", "1: writes are logged."),
	gauge("aof_last_write_status", "aof_last_write_status", "1: the last write to the log went well."),
	gauge("connected_slaves", "connected_slaves", "Replicas."),
	gauge("master_repl_offset", "master_repl_offset", "Bytes that replication has brought so far."),
	gauge("expired_stale_perc", "expired_stale_percentage", "Share of keys, in percent, that the server estimates to be expired and still there."),
	gauge("slave_expires_tracked_keys", "slave_expires_tracked_keys", "Keys with TTL that were written to a writable replica."),

	counter("total_connections_received", "connections_received_total", "Connections that were accepted."),
	counter("rejected_connections", "rejected_connections_total", "Connections that were refused because of maxclients."),
	counter("total_commands_processed", "commands_processed_total", "Commands that were run."),
	counter("total_net_input_bytes", "net_input_bytes_total", "Bytes that came from clients."),
	counter("total_net_output_bytes", "net_output_bytes_total", "Bytes that went to clients."),
	counter("expired_keys", "expired_keys_total", "Keys that were removed because their time was over."),
	counter("evicted_keys", "evicted_keys_total", "Keys that were removed to make room."),
	counter("keyspace_hits", "keyspace_hits_total", "Look-ups of keys that were there."),
	counter("keyspace_misses", "keyspace_misses_total", "Look-ups of keys that were not there."),
	counter("used_cpu_sys", "cpu_sys_seconds_total", "CPU time of the process in the system."),
	counter("used_cpu_user", "cpu_user_seconds_total", "CPU time of the process in its own code."),
	counter("expired_time_cap_reached_count", "expired_time_cap_reached_total", "Expire cycles that ran out of time before they ran out of expired keys."),

	// Not of redis_exporter.
	counter("total_error_replies", "error_replies_total", "Replies that were errors."),
	counter("total_eviction_exceeded_time", "eviction_exceeded_seconds_total", "Time that memory was above maxmemory.").times(0.001),
	gauge("expire_due_backlog", "expire_due_backlog", "Keys that are due and not yet removed (Curfew)."),
	counter("clock_steps", "clock_steps_total", "Steps of the system's clock that the server noticed (Curfew)."),
	counter("evicted_while_expired_present", "evicted_while_expired_present_total", "Keys that were evicted although expired ones were there (Curfew)."),
}

var (
	upDesc       = series("up", "1: the node answers.")
	instanceDesc = series("instance_info", "What the node is; always 1.",
		"role", "redis_version", "redis_mode", "os", "maxmemory_policy", "tcp_port", "run_id", "valkey_version", "curfew_version")
	masterLinkDesc = series("master_link_up", "1: the replica is connected to its primary.", "master_host", "master_port")

	dbKeysDesc     = series("db_keys", "Keys of the database.", "db")
	dbExpiringDesc = series("db_keys_expiring", "Keys of the database that have a TTL.", "db")
	dbTTLDesc      = series("db_avg_ttl_seconds", "Average TTL of the keys that have one, as the server estimates it.", "db")
	dbNoTTLDesc    = series("db_keys_no_ttl", "Keys of the database that have no TTL, exactly: keys less those with TTL.", "db")
	noTTLDesc      = series("no_ttl_keys_total", "Keys that have no TTL; a gauge, under the name that articles gave it. The same as redis_db_keys_no_ttl.", "db")

	errorsDesc        = series("errors_total", "Replies that were errors, by their first word.", "err")
	writeFailuresDesc = series("write_failures_total", "Writes that were refused: no memory, a replica, a disk that cannot be written, too few replicas.", "err")
	commandsDesc      = series("commands_total", "Calls of the command.", "cmd")
	commandTimeDesc   = series("commands_duration_seconds_total", "Time spent in the command.", "cmd")
	expireLagDesc     = series("expire_lag_seconds", "How late keys were removed after their deadline, by percentile (Curfew).", "cycle", "percentile")

	nodeDurationDesc = series("exporter_last_scrape_duration_seconds", "How long the node took to answer this scrape.")
	nodeErrorDesc    = series("exporter_last_scrape_error", "1: the node could not be asked, for the reason in err.", "err")
)

// collectFields emits the numbers that this server has; those of other versions are left out rather than zero.
func collectFields(out chan<- prometheus.Metric, r reading.Reading) {
	for _, f := range fields {
		n, ok := r.Number(f.info)
		if !ok {
			continue
		}
		out <- prometheus.MustNewConstMetric(f.desc, f.kind, n*f.scale, r.Node)
	}
}
