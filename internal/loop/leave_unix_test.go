//go:build unix

package loop

import (
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/node"
)

// serving runs a group of one loop over a transport of this system until the test ends, and returns how to connect to it.
func serving(t *testing.T, transport string, more ...*command.Spec) (dial func() *net.UnixConn) {
	t.Helper()
	c := config.New()
	keys := node.Declare(c)
	n, err := node.New(node.Options{Config: c, Keys: keys, Clock: clock.NewSystem(), Shards: 4, ReservePerShard: 1 << 30, Commands: more})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	zero := func() int64 { return 0 }
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var g *Group
	g, err = New(Options{
		Node: n, Loops: 1, Transport: transport, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Refuse: func(bool) string { return "" }, UnixPath: func() string { return path }, Timeout: zero, Keepalive: zero,
		Tick: func() {}, Stopping: func() { g.Unlisten(ln) }, Fail: func(err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Listen(ln); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); g.Run() }()
	t.Cleanup(func() { g.Stop(0); expect(t, "the end of the group", ended) })
	return func() *net.UnixConn {
		nc, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		return nc.(*net.UnixConn)
	}
}

// A client that closes its side waits for its replies; one that goes away, then or at once, ends its request wherever it runs.
func TestAClientThatGoesAwayEndsItsRequestElsewhere(t *testing.T) {
	for _, transport := range Transports() {
		if transport == "wire" {
			continue
		}
		t.Run(transport, func(t *testing.T) {
			l := newCrawl()
			dial := serving(t, transport, l.specs()...)
			for name, leave := range map[string][]func(*net.UnixConn) error{
				"at once":           {(*net.UnixConn).Close},
				"one side at first": {(*net.UnixConn).CloseWrite, (*net.UnixConn).Close},
			} {
				c := dial()
				io.WriteString(c, "CRAWL\r\n")
				expect(t, "the command", l.begun)
				for _, step := range leave {
					time.Sleep(5 * time.Millisecond) // the end of one side is heard by itself, most times
					if err := step(c); err != nil {
						t.Fatal(err)
					}
				}
				expect(t, "the end of the command of a client that left "+name, l.ended)
			}
			c := dial()
			io.WriteString(c, "CRAWL\r\nPING\r\n")
			expect(t, "the command", l.begun)
			c.CloseWrite()
			select {
			case <-l.ended:
				t.Error("the command of a client that waits for its replies was ended")
			case <-time.After(20 * time.Millisecond):
			}
			l.let <- struct{}{}
			var got strings.Builder
			if _, err := io.Copy(&got, c); err != nil || got.String() != "+OK\r\n+PONG\r\n" {
				t.Errorf("%q, %v", got.String(), err)
			}
		})
	}
}
