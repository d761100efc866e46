package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fileCases are loaded here and by Redis; both must refuse with the same words,
// or end with the same values. DIR stands for a folder with the files of
// caseFiles.
var fileCases = []string{
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
	"cluster-announce-hostname a_b", "maxclients 0", "enable-protected-configs local", "enable-protected-configs maybe", "port 70000", "databases 0",
	"user alice on +@all ~* nopass", "rename-command PING PONG", "user bob on #aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"hz 7\x00hz 8\n", "active-expire-effort 11", "maxmemory 4gb\nmaxmemory-policy allkeys-lru\nmaxmemory-samples 5\nlazyfree-lazy-eviction yes\nlazyfree-lazy-expire yes\n",
}

var caseFiles = map[string]string{
	"one.conf": "maxmemory 3gb\nhz 50\n", "a.part": "hz 20\nsave 1 1\n", "b.part": "hz 30\nsave 2 2\n",
	"bad.conf": "hz 20\n\nhz bad\n", "nest.conf": "include DIR/one.conf\nhz 60",
}

func writeCases(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range caseFiles {
		writeFile(t, filepath.Join(dir, name), strings.ReplaceAll(text, "DIR", dir))
	}
	return dir
}

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilesLoadAsInRedis(t *testing.T) {
	dir := writeCases(t)
	for _, text := range fileCases {
		path := writeFile(t, filepath.Join(dir, "main"), strings.ReplaceAll(text, "DIR", dir))
		r := full()
		compareLoad(t, text, r, r.LoadFile(path), func() (*peer, string) { return startPeer(t, path) })
	}
}

// compareLoad compares the outcome of a load with a start of Redis.
func compareLoad(t *testing.T, what string, r *Registry, err error, start func() (*peer, string)) {
	t.Helper()
	p, fatal := start()
	if p != nil {
		defer p.conn.Close()
	}
	switch {
	case err != nil && p != nil:
		t.Errorf("%q: Redis takes it, here: %v", what, err)
	case err == nil && p == nil:
		t.Errorf("%q: taken here, Redis says:\n%s", what, fatal)
	case err == nil:
		t.Run("", func(t *testing.T) {
			p.t = t
			sameValues(t, p, r)
			if t.Failed() {
				t.Logf("of %q", what)
			}
		})
	default:
		var le *LoadError
		if !errors.As(err, &le) {
			t.Fatalf("%q: %v is no LoadError", what, err)
		}
		if _, ours, _ := strings.Cut(le.Fatal(), "***\n"); !strings.Contains(fatal, ours) {
			t.Errorf("%q:\n here:\n%s\n Redis:\n%s", what, ours, fatal)
		}
	}
}

// argCases are command lines behind the peer's own options. FILE stands for a
// file with save points.
var argCases = []string{
	"--maxmemory 2gb", "--MAXMEMORY 2gb", "--save ''", "--save", "--save --hz 20", "--save 60 1", "--save 60 1 --save 30 2", "--save 60 1 30 2", "--hz 20 --save",
	"FILE", "FILE --save 60 1", "FILE --save ''", "FILE --save", "FILE --save '' --save 7 8", "FILE --hz 30", "--client-output-buffer-limit pubsub 1 2 3",
	"'--hz 20'", "'--hz 20' --maxmemory 1gb", "'--hz 20 ' 30", "--hz", "--hz --maxmemory", "--proc-title-template --title", "--masterauth '--x y'", "--masterauth 'a\"b'", "--nosuch 1",
	"--hz abc", "--hz 1 2", "--bind 127.0.0.1 ::1", "--bind", "--notify-keyspace-events ''", "--rename-command PING ''", "--", "--''", "--appendonly no extra", "--latency-tracking-info-percentiles 1 2 --hz 9",
	"--shutdown-on-sigint 'now force' --save '60 1 30 2'", "--shutdown-on-sigint", "--bind '127.0.0.1 ::1'", `--shutdown-on-sigterm 'now "force"'`,
	"--include DIR/one.conf", "--save 60 1 --shutdown-on-sigint nosave force --hz 12",
}

func TestCommandLinesLoadAsInRedis(t *testing.T) {
	dir := writeCases(t)
	file := writeFile(t, filepath.Join(dir, "main"), "save 900 1\nsave 300 10\nhz 25\n")
	for _, text := range argCases {
		args, ok := SplitArgs(strings.ReplaceAll(text, "DIR", dir))
		if !ok {
			t.Fatalf("%s: bad case", text)
		}
		ours, name := args, ""
		if args[0] == "FILE" {
			ours = append([]string{file}, args[1:]...)
			name, args = file, args[1:]
		}
		r := full()
		err := r.LoadArgs(ours)
		p, fatal := startPeer(t, name, args...)
		if err != nil && p == nil {
			continue // the peer's line numbers count its own options
		}
		compareLoad(t, text, r, err, func() (*peer, string) { return p, fatal })
	}
}
