package config_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/config"
)

func TestFilesLoadAsInRedis(t *testing.T) {
	dir := config.WriteCases(t)
	for _, text := range config.FileCases {
		path := config.WriteFile(t, filepath.Join(dir, "main"), strings.ReplaceAll(text, "DIR", dir))
		r := full()
		compareLoad(t, text, r, r.LoadFile(path), func() (*peer, string) { return startPeer(t, path) })
	}
}

// compareLoad compares the outcome of a load with a start of Redis.
func compareLoad(t *testing.T, what string, r *config.Registry, err error, start func() (*peer, string)) {
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
		var le *config.LoadError
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
	dir := config.WriteCases(t)
	file := config.WriteFile(t, filepath.Join(dir, "main"), "save 900 1\nsave 300 10\nhz 25\n")
	for _, text := range argCases {
		args, ok := config.SplitArgs(strings.ReplaceAll(text, "DIR", dir))
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

// TestRedisLoadsWhatRewriteWrites: an operator can go back to Redis.
func TestRedisLoadsWhatRewriteWrites(t *testing.T) {
	path := config.WriteFile(t, filepath.Join(t.TempDir(), "f"), "# mine\nhz 20\nslave-priority 7\n")
	r := full()
	if err := r.LoadFile(path); err != nil {
		t.Fatal(err)
	}
	err := r.Set(pairs("maxmemory", "100mb", "masterauth", "a \"b\" \xff\n'", "save", "900 1 60 5", "client-output-buffer-limit", "replica 1gb 1kb 7",
		"notify-keyspace-events", "KEA", "oom-score-adj-values", "1 2 3", "latency-tracking-info-percentiles", "50 99.5",
		"maxmemory-clients", "7%", "shutdown-on-sigint", "nosave now", "list-max-listpack-size", "-5", "proc-title-template", "{title} x")...)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Rewrite(); err != nil {
		t.Fatal(err)
	}
	p, why := startPeer(t, path)
	if p == nil {
		t.Fatal(why)
	}
	sameValues(t, p, r)
}

const stockFile = "/etc/redis/redis.conf"

func TestDebiansFileLoads(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed")
	}
	if _, err := os.Stat(stockFile); err != nil {
		t.Fatalf("redis-server is installed without its file: %v", err)
	}
	r := full()
	if err := r.LoadFile(stockFile); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"bind": "127.0.0.1 -::1", "dir": "/var/lib/redis", "appenddirname": "appendonlydir",
		"client-output-buffer-limit": "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
	} {
		if got := r.Match([]byte(name))[0].Value; got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	for _, w := range r.Warnings() {
		if strings.Contains(w, "unknown") {
			t.Error(w)
		}
	}
	if r.Path() != stockFile {
		t.Errorf("Path = %q", r.Path())
	}
}
