package server

import (
	"strings"
	"testing"
)

// Exporters look fields up by name, each in its section, and a name twice would hide one of the values.
func TestInfoHasTheFieldsOfAbsentFeatures(t *testing.T) {
	c := dial(t, start(t))
	for section, fields := range map[string]string{
		"memory":      "number_of_cached_scripts:0 used_memory_scripts_human:0B used_memory_vm_total_human:0B",
		"persistence": "rdb_last_bgsave_time_sec:-1 rdb_saves:0 aof_last_write_status:ok aof_current_rewrite_time_sec:-1 module_fork_in_progress:0",
		"stats":       "migrate_cached_sockets:0 slave_expires_tracked_keys:0 io_threaded_reads_processed:0",
		"replication": "master_replid2:0000000000000000000000000000000000000000 repl_backlog_histlen:0",
	} {
		info := ask(t, c, "INFO", section)
		for _, field := range strings.Fields(fields) {
			if !strings.Contains(info, "\n"+field+"\r") {
				t.Errorf("section %s has no %s", section, field)
			}
		}
	}
	seen := map[string]bool{}
	for line := range strings.Lines(ask(t, c, "INFO", "everything")) {
		name, _, ok := strings.Cut(line, ":")
		if ok && seen[name] {
			t.Errorf("field %s twice", name)
		}
		seen[name] = ok
	}
}
