package config

import (
	"path/filepath"
	"strings"
	"testing"
)

// FileCases are loaded here and by Redis; both must refuse with the same words,
// or end with the same values. DIR stands for a folder with the files of
// caseFiles.
var FileCases = []string{
	"", "\n\n# comment\n  # indented\n", "maxmemory 100mb\nmaxmemory 2gb\n", "MaxMemory 1gb", "\tmaxmemory\t1gb \r\n",
	"maxmemory", "maxmemory 1 2", "maxmemory 1x", "hz abc", "hz 1000", "\n\nhz\n", "appendonly maybe",
	`masterauth "a b"`, `masterauth 'a b'`, `masterauth "a\x41\n\"\\\t\q"`, `masterauth 'it\'s \n'`, `masterauth a"b c"`, `masterauth a'b c'`,
	`masterauth "a"b`, `masterauth 'a'b`, `masterauth "a`, `masterauth 'a`, `masterauth a"`, `masterauth ""`, `masterauth #x`, `masterauth "#x"`,
	`masterauth "a\`, `masterauth "\x4"`, `masterauth "\xZZ"`, `masterauth a\nb`, `"maxmemory" 1gb`, `'maxmemory' "1gb"`, `""`, `"" 1`, `masterauth '\'`,
	"save 900 1", "save 900 1\nsave 60 100", "save \"\"", "save 900 1\nsave \"\"\nsave 60 5", "save 900 1 60 2", "save 900", "save", "save ''", "save \"900 1\"", "save x 1",
	"client-output-buffer-limit pubsub 1mb 2mb 3", "client-output-buffer-limit pubsub 1mb 2mb", "client-output-buffer-limit slave 1 2 3 normal 4 5 6",
	"client-output-buffer-limit normal 1 2 3\nclient-output-buffer-limit replica 1 2 3", "client-output-buffer-limit", "client-output-buffer-limit x 1 2 3",
	"notify-keyspace-events KEA", "notify-keyspace-events \"\"", "notify-keyspace-events K E", "notify-keyspace-events q",
	"oom-score-adj-values 1 2 3", "oom-score-adj-values 1 2", "latency-tracking-info-percentiles 50 99", "latency-tracking-info-percentiles \"\"", "latency-tracking-info-percentiles",
	"bind 127.0.0.1 -::1", "bind \"\"", "bind", "bind * -::*", "bind 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
	"replicaof no one", "slaveof a b", "replicaof a", "replicaof a 70000",
	"list-max-ziplist-entries 5", "list-max-ziplist-value 5\nlua-replicate-commands yes", "hash-max-ziplist-entries 7", "lua-time-limit 7",
	"slave-priority 5\nreplica-priority 6", "maxmemory-clients 7%", "maxmemory-clients 107%", "unixsocketperm 700", "unixsocketperm 888", "unixsocketperm 1000",
	"shutdown-on-sigterm nosave force", "shutdown-on-sigterm", "shutdown-on-sigterm save nosave", "oom-score-adj bogus",
	"include DIR/one.conf", "maxmemory 1gb\ninclude DIR/one.conf", "include DIR/one.conf\nmaxmemory 1gb", "include DIR/*.part", "include DIR/nothing*.conf",
	"include DIR/bad.conf", "hz 7\n include  \"DIR/one.conf\" ", "include DIR/nest.conf", "include a b",
	"sentinel monitor x", "rename-command GET x y", "user", "loadmodule", "dbfilename a/b", "appendfilename \"\"", "appenddirname a/b", "proc-title-template {no}",
	"cluster-announce-hostname a_b", "maxclients 0", "enable-protected-configs local", "enable-protected-configs maybe", "port 70000",
	"user alice on +@all ~* nopass", "rename-command PING PONG", "user bob on #aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"hz 7\x00hz 8\n", "active-expire-effort 11", "maxmemory 4gb\nmaxmemory-policy allkeys-lru\nmaxmemory-samples 5\nlazyfree-lazy-eviction yes\nlazyfree-lazy-expire yes\n",
}

var caseFiles = map[string]string{
	"one.conf": "maxmemory 3gb\nhz 50\n", "a.part": "hz 20\nsave 1 1\n", "b.part": "hz 30\nsave 2 2\n",
	"bad.conf": "hz 20\n\nhz bad\n", "nest.conf": "include DIR/one.conf\nhz 60",
}

// WriteCases writes CaseFiles into a folder of the test.
func WriteCases(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range caseFiles {
		WriteFile(t, filepath.Join(dir, name), strings.ReplaceAll(text, "DIR", dir))
	}
	return dir
}

// Values are tried on every key.
var Values = []string{
	"", "0", "1", "-1", "7", "64", "100", "1000", "70000", "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296",
	"9223372036854775807", "9223372036854775808", "00", "0x10", "1e3", "1 ", " 1", "+1", "10%", "100%", "101%", "-1%", "1kb", "1KB", "1k", "10mB", "3gb", "1bb", "b",
	"yes", "no", "YES", "No", "true", "default", "save", "nosave save", "a b", "a", "a.b-c", "a_b", "x/y", "\xff", "\"", "'", "#", "{port}", "AKE", "no one",
}
