package node

import "strings"

// absent are the fields of features that are not there, with the values that Redis shows while it does not use them:
// exporters and dashboards ask for them by name.
var absent = []struct{ section, fields string }{
	{"memory", `used_memory_vm_eval:0 used_memory_scripts_eval:0 number_of_cached_scripts:0 number_of_functions:0
		number_of_libraries:0 used_memory_vm_functions:0 used_memory_vm_total:0 used_memory_vm_total_human:0B
		used_memory_functions:0 used_memory_scripts:0 used_memory_scripts_human:0B`},
	{"persistence", `current_cow_peak:0 current_cow_size:0 current_cow_size_age:0 current_fork_perc:0.00
		current_save_keys_processed:0 current_save_keys_total:0 rdb_last_bgsave_time_sec:-1
		rdb_current_bgsave_time_sec:-1 rdb_saves:0 rdb_last_cow_size:0 rdb_last_load_keys_expired:0
		rdb_last_load_keys_loaded:0 aof_rewrite_scheduled:0 aof_last_rewrite_time_sec:-1
		aof_current_rewrite_time_sec:-1 aof_last_bgrewrite_status:ok aof_rewrites:0
		aof_rewrites_consecutive_failures:0 aof_last_write_status:ok aof_last_cow_size:0 module_fork_in_progress:0
		module_fork_last_cow_size:0`},
	{"stats", `total_net_repl_input_bytes:0 total_net_repl_output_bytes:0 instantaneous_input_repl_kbps:0.00
		instantaneous_output_repl_kbps:0.00 migrate_cached_sockets:0 slave_expires_tracked_keys:0
		dump_payload_sanitizations:0 io_threaded_reads_processed:0 io_threaded_writes_processed:0`},
	{"replication", `master_replid2:0000000000000000000000000000000000000000 repl_backlog_size:0
		repl_backlog_first_byte_offset:0 repl_backlog_histlen:0`},
}

func (n *Node) absentFigures() {
	for _, a := range absent {
		for _, field := range strings.Fields(a.fields) {
			name, value, _ := strings.Cut(field, ":")
			n.fixed(a.section, name, value)
		}
	}
}
