package config_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/server"
)

// peer is a redis-server to compare with, spoken to over a Unix socket.
type peer struct {
	t    *testing.T
	conn net.Conn
	rd   *bufio.Reader
}

// peerOptions keep a redis-server to itself. Tests ignore these keys.
func peerOptions(dir string) []string {
	return []string{"--port", "0", "--unixsocket", filepath.Join(dir, "s"), "--dir", dir, "--daemonize", "no"}
}

// startPeer starts redis-server with a file (or "") and options. When it refuses
// to start, the peer is nil and the text is what it printed.
func startPeer(t *testing.T, file string, options ...string) (*peer, string) {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	dir, err := os.MkdirTemp("", "cfg") // t.TempDir can be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	var args []string
	if file != "" {
		args = append(args, file)
	}
	args = append(args, peerOptions(dir)...)
	cmd := exec.Command(path, append(args, options...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	for deadline := time.Now().Add(20 * time.Second); ; {
		conn, err := net.Dial("unix", filepath.Join(dir, "s"))
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
			return &peer{t, conn, bufio.NewReader(conn)}, ""
		}
		select {
		case <-ended:
			return nil, out.String()
		case <-time.After(10 * time.Millisecond): // a real process starts in real time
		}
		if time.Now().After(deadline) {
			t.Fatalf("redis-server does not answer; it says:\n%s", out.String())
		}
	}
}

// do sends a command and returns the reply: an error's text, a status, or the
// elements of an array.
func (p *peer) do(args ...string) (text string, items []string) {
	p.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := io.WriteString(p.conn, b.String()); err != nil {
		p.t.Fatal(err)
	}
	kind, rest := p.line()
	switch kind {
	case '+', '-':
		return rest, nil
	case '*':
		n, _ := strconv.Atoi(rest)
		for range n {
			_, size := p.line()
			k, _ := strconv.Atoi(size)
			buf := make([]byte, k+2)
			if _, err := io.ReadFull(p.rd, buf); err != nil {
				p.t.Fatal(err)
			}
			items = append(items, string(buf[:k]))
		}
		return "", items
	}
	p.t.Fatalf("unexpected reply %q to %q", string(kind)+rest, args)
	return "", nil
}

func (p *peer) line() (byte, string) {
	p.t.Helper()
	s, err := p.rd.ReadString('\n')
	if err != nil {
		p.t.Fatal(err)
	}
	return s[0], strings.TrimRight(s[1:], "\r\n")
}

// all returns every key that CONFIG GET * lists.
func (p *peer) all() map[string]string {
	_, items := p.do("CONFIG", "GET", "*")
	m := make(map[string]string)
	for i := 0; i+1 < len(items); i += 2 {
		m[items[i]] = items[i+1]
	}
	return m
}

// full returns the server's own registry: what is compared is what it serves.
func full() *config.Registry { return server.Configuration() }

func pairs(kv ...string) [][2][]byte {
	var out [][2][]byte
	for i := 0; i < len(kv); i += 2 {
		out = append(out, [2][]byte{[]byte(kv[i]), []byte(kv[i+1])})
	}
	return out
}

// since are the names that came after 7.0.15, the version of the peer, or that Redis does not know.
var since = map[string]bool{
	"locale-collate": true, "set-max-listpack-entries": true, "set-max-listpack-value": true,
	"cluster-announce-human-nodename": true, "hide-user-data-from-log": true,
	"max-new-connections-per-cycle": true, "max-new-tls-connections-per-cycle": true,
	"server-cpulist": true, "bio-cpulist": true, "aof-rewrite-cpulist": true, "bgsave-cpulist": true,
	"expire-clock": true, "shards": true, "event-loops": true, "transport": true, // Curfew's own
}

// hiddenSince are the keys that the version of the peer lists and Redis 7.4 does not.
var hiddenSince = map[string]bool{"aof-disable-auto-gc": true}

// peerOnly are the keys that the harness sets, or whose default is another one here: docs/differences.md.
var peerOnly = map[string]bool{"port": true, "unixsocket": true, "dir": true, "activedefrag": true}

// sameValues reports every key whose value is not the same on both sides.
func sameValues(t *testing.T, p *peer, r *config.Registry) {
	t.Helper()
	theirs := p.all()
	ours := make(map[string]string)
	for _, kv := range r.Match([]byte("*")) {
		ours[kv.Name] = kv.Value
	}
	for name, want := range theirs {
		got, known := ours[name]
		if !known && !hiddenSince[name] {
			t.Errorf("%s: unknown here", name)
		} else if known && got != want && !peerOnly[name] {
			t.Errorf("%s: %q here, %q in Redis", name, got, want)
		}
	}
	for name := range ours {
		if _, known := theirs[name]; !known && !since[name] {
			t.Errorf("%s: unknown in Redis", name)
		}
	}
}

func TestEveryKeyOfRedisHasItsDefault(t *testing.T) {
	p, why := startPeer(t, "")
	if p == nil {
		t.Fatal(why)
	}
	sameValues(t, p, full())
}

func TestConfigSetAnswersAsRedis(t *testing.T) {
	p, why := startPeer(t, "")
	if p == nil {
		t.Fatal(why)
	}
	r := full()
	for _, args := range setCases {
		want, _ := p.do(append([]string{"CONFIG", "SET"}, args...)...)
		got := "OK"
		if err := r.Set(pairs(args...)...); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("CONFIG SET %q\n here:  %s\n Redis: %s", args, got, want)
			continue
		}
		for i := 0; i < len(args); i += 2 {
			sameAnswer(t, p, r, args[i])
		}
	}
}

// sameAnswer compares CONFIG GET of patterns.
func sameAnswer(t *testing.T, p *peer, r *config.Registry, patterns ...string) {
	t.Helper()
	_, items := p.do(append([]string{"CONFIG", "GET"}, patterns...)...)
	want := make(map[string]string)
	for i := 0; i+1 < len(items); i += 2 {
		if !hiddenSince[items[i]] {
			want[items[i]] = items[i+1]
		}
	}
	globs := make([][]byte, len(patterns))
	for i, s := range patterns {
		globs[i] = []byte(s)
	}
	got := r.Match(globs...)
	n := 0
	for _, kv := range got {
		if since[kv.Name] || hiddenSince[kv.Name] {
			continue // asked for by its name
		}
		n++
		if v, ok := want[kv.Name]; !ok || v != kv.Value && !peerOnly[strings.ToLower(kv.Name)] {
			t.Errorf("CONFIG GET %q: %s = %q here, %q in Redis (listed: %v)", patterns, kv.Name, kv.Value, v, ok)
		}
	}
	if n != len(want) {
		t.Errorf("CONFIG GET %q lists %d keys here, %d in Redis", patterns, n, len(want))
	}
}

func TestConfigGetAnswersAsRedis(t *testing.T) {
	p, why := startPeer(t, "")
	if p == nil {
		t.Fatal(why)
	}
	r := full()
	for _, patterns := range [][]string{
		{"*"}, {"maxm*"}, {"MAXMEMORY"}, {"MaxMemory", "maxmemory"}, {"max*", "maxmemory", "MAXMEMORY"}, {"slaveof"}, {"SLAVE-*"},
		{"x["}, {"[m]axmemory"}, {"rdb-key*"}, {"rdb-key*", "rdb-key-save-delay"}, {"nosuch"}, {""}, {"m?xclients"},
		{"*-cpulist", "*_cpulist"}, {"[^a-y]*"}, {"\\maxmemory"}, {"**"}, {"maxmemory", "max*"}, {"watchdog-period"}, {"include"},
	} {
		sameAnswer(t, p, r, patterns...)
	}
}

func TestEveryKeyOfTheServerIsExplained(t *testing.T) {
	var b strings.Builder
	if err := full().Document(&b); err != nil {
		t.Fatal(err)
	}
	keys := 0
	for line := range strings.Lines(b.String()) {
		if strings.HasPrefix(line, "| `") {
			keys++
		}
		if strings.HasSuffix(line, "|  |\n") {
			t.Errorf("without a meaning: %s", line)
		}
	}
	if keys < 180 {
		t.Errorf("only %d keys are listed", keys)
	}
}

func TestKeysThatRedisHidesAreShownByNameOnly(t *testing.T) {
	r := full()
	for name := range hiddenSince {
		if got := r.Match([]byte(name[:5] + "*")); slices.ContainsFunc(got, func(p config.Pair) bool { return p.Name == name }) {
			t.Errorf("a pattern finds %s", name)
		}
		if got := r.Match([]byte(name)); len(got) != 1 {
			t.Errorf("%s is not found by its name", name)
		}
	}
}
