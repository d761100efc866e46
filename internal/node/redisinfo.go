package node

import "strings"

// redisInfo are the fields of INFO in Redis 7.4, section by section, in its order. A name with a value is a field of
// something that is not there, with what Redis shows while it does not use it: exporters and dashboards ask for it by its
// name. The others are declared by their owners. Fields that Redis has not come after those that it has.
var redisInfo = []struct{ section, fields string }{
	{"server", `redis_version redis_git_sha1:00000000 redis_git_dirty:0 redis_build_id:0 redis_mode:standalone os arch_bits
		monotonic_clock multiplexing_api atomicvar_api gcc_version:0.0.0 process_id process_supervised:no run_id tcp_port
		server_time_usec uptime_in_seconds uptime_in_days hz:10 configured_hz:10 lru_clock executable config_file
		io_threads_active:0`},
	{"clients", `connected_clients cluster_connections:0 maxclients client_recent_max_input_buffer
		client_recent_max_output_buffer blocked_clients tracking_clients pubsub_clients watching_clients
		clients_in_timeout_table total_watched_keys total_blocking_keys:0 total_blocking_keys_on_nokey:0`},
	{"memory", `used_memory used_memory_human used_memory_rss used_memory_rss_human used_memory_peak used_memory_peak_human
		used_memory_peak_perc used_memory_overhead used_memory_startup:0 used_memory_dataset used_memory_dataset_perc
		allocator_allocated allocator_active allocator_resident allocator_muzzy:0 total_system_memory
		total_system_memory_human used_memory_lua:0 used_memory_vm_eval:0 used_memory_lua_human:0B
		used_memory_scripts_eval:0 number_of_cached_scripts:0 number_of_functions:0 number_of_libraries:0
		used_memory_vm_functions:0 used_memory_vm_total:0 used_memory_vm_total_human:0B used_memory_functions:0
		used_memory_scripts:0 used_memory_scripts_human:0B maxmemory maxmemory_human maxmemory_policy
		allocator_frag_ratio allocator_frag_bytes allocator_rss_ratio allocator_rss_bytes rss_overhead_ratio
		rss_overhead_bytes mem_fragmentation_ratio mem_fragmentation_bytes mem_not_counted_for_evict:0
		mem_replication_backlog:0 mem_total_replication_buffers:0 mem_clients_slaves:0 mem_clients_normal
		mem_cluster_links:0 mem_aof_buffer:0 mem_allocator mem_overhead_db_hashtable_rehashing:0 active_defrag_running
		lazyfree_pending_objects lazyfreed_objects`},
	{"persistence", `loading:0 async_loading:0 current_cow_peak:0 current_cow_size:0 current_cow_size_age:0
		current_fork_perc:0.00 current_save_keys_processed:0 current_save_keys_total:0 rdb_changes_since_last_save
		rdb_bgsave_in_progress:0 rdb_last_save_time rdb_last_bgsave_status:ok rdb_last_bgsave_time_sec:-1
		rdb_current_bgsave_time_sec:-1 rdb_saves:0 rdb_last_cow_size:0 rdb_last_load_keys_expired:0
		rdb_last_load_keys_loaded:0 aof_enabled:0 aof_rewrite_in_progress:0 aof_rewrite_scheduled:0
		aof_last_rewrite_time_sec:-1 aof_current_rewrite_time_sec:-1 aof_last_bgrewrite_status:ok aof_rewrites:0
		aof_rewrites_consecutive_failures:0 aof_last_write_status:ok aof_last_cow_size:0 module_fork_in_progress:0
		module_fork_last_cow_size:0`},
	{"stats", `total_connections_received total_commands_processed instantaneous_ops_per_sec total_net_input_bytes
		total_net_output_bytes total_net_repl_input_bytes:0 total_net_repl_output_bytes:0 instantaneous_input_kbps
		instantaneous_output_kbps instantaneous_input_repl_kbps:0.00 instantaneous_output_repl_kbps:0.00
		rejected_connections sync_full:0 sync_partial_ok:0 sync_partial_err:0 expired_subkeys:0 expired_keys
		expired_stale_perc:0.00 expired_time_cap_reached_count:0 expire_cycle_cpu_milliseconds evicted_keys
		evicted_clients evicted_scripts:0 total_eviction_exceeded_time current_eviction_exceeded_time keyspace_hits
		keyspace_misses pubsub_channels pubsub_patterns pubsubshard_channels latest_fork_usec:0 total_forks:0
		migrate_cached_sockets:0 slave_expires_tracked_keys:0 active_defrag_hits active_defrag_misses
		active_defrag_key_hits active_defrag_key_misses total_active_defrag_time current_active_defrag_time
		tracking_total_keys tracking_total_items tracking_total_prefixes unexpected_error_replies:0
		total_error_replies dump_payload_sanitizations:0 total_reads_processed total_writes_processed
		io_threaded_reads_processed:0 io_threaded_writes_processed:0 client_query_buffer_limit_disconnections
		client_output_buffer_limit_disconnections reply_buffer_shrinks:0 reply_buffer_expands:0 eventloop_cycles
		eventloop_duration_sum eventloop_duration_cmd_sum instantaneous_eventloop_cycles_per_sec
		instantaneous_eventloop_duration_usec acl_access_denied_auth acl_access_denied_cmd:0 acl_access_denied_key:0
		acl_access_denied_channel:0`},
	{"replication", `role:master connected_slaves:0 master_failover_state:no-failover master_replid
		master_replid2:0000000000000000000000000000000000000000 master_repl_offset:0 second_repl_offset:-1
		repl_backlog_active:0 repl_backlog_size:0 repl_backlog_first_byte_offset:0 repl_backlog_histlen:0`},
	{"cpu", `used_cpu_sys used_cpu_user used_cpu_sys_children:0.000000 used_cpu_user_children:0.000000
		used_cpu_sys_main_thread used_cpu_user_main_thread`},
	{"cluster", `cluster_enabled:0`},
	{"debug", `eventloop_duration_aof_sum:0 eventloop_duration_cron_sum eventloop_duration_max eventloop_cmd_per_cycle_max`},
}

// arrangeInfo declares the fields that have a value in redisInfo and sets the order of all.
func (n *Node) arrangeInfo() {
	for _, s := range redisInfo {
		var names []string
		for _, field := range strings.Fields(s.fields) {
			name, value, constant := strings.Cut(field, ":")
			if constant {
				n.Metrics.Text(s.section, name, "", func() string { return value })
			}
			names = append(names, name)
		}
		n.Metrics.Arrange(s.section, names)
	}
}
