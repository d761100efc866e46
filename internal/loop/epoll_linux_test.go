package loop

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/node"
	"github.com/curfewkv/curfew/resp"
)

// onEpoll is a group of one loop on real sockets and the machine's clock. The test's goroutine is the loop's.
func onEpoll(t *testing.T) (*Loop, *epoll) {
	t.Helper()
	c := config.New()
	keys := node.Declare(c)
	n, err := node.New(node.Options{Config: c, Keys: keys, Clock: clock.NewSystem(), Shards: 4, ReservePerShard: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	zero := func() int64 { return 0 }
	g, err := New(Options{
		Node: n, Loops: 1, Transport: "epoll", Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Refuse: func(bool) string { return "" }, UnixPath: func() string { return "" }, Timeout: zero, Keepalive: zero,
		Tick: func() {}, Stopping: func() {}, Fail: func(err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g.loops[0], g.loops[0].t.(*epoll)
}

// pair connects a client, whose descriptor is returned.
func pair(t *testing.T, l *Loop) (client int, c *conn) {
	t.Helper()
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(ends[1]) })
	c = &conn{fd: ends[0], loop: l}
	c.sess = l.node.NewSession(c)
	l.add(c)
	return ends[1], c
}

// From the socket to the socket a GET or SET of a key that is there costs no allocation.
func TestARequestAllocatesNothingOnItsWay(t *testing.T) {
	l, _ := onEpoll(t)
	client, _ := pair(t, l)
	reply := make([]byte, 4096)
	serve := func(in []byte) {
		if n, err := rawWrite(client, in); n != len(in) || err != nil {
			t.Fatal(n, err)
		}
		if _, err := l.turn(false); err != nil {
			t.Fatal(err)
		}
		if n, err := rawRead(client, reply); n < 3 || err != nil || reply[0] == '-' {
			t.Fatalf("%q, %v", reply[:max(n, 0)], err)
		}
	}
	for _, args := range [][]string{{"SET", "key:1", strings.Repeat("w", 32)}, {"GET", "key:1"}, {"PING"}} {
		in := []byte(strings.Repeat(string(resp.AppendCommand(nil, args...)), 3))
		serve(in)
		if n := testing.AllocsPerRun(100, func() { serve(in) }); n != 0 {
			t.Errorf("%q: %v allocations", args, n)
		}
	}
}

// A loop that sleeps as a goroutine hears of connections, of wake, and of the end of its time.
func TestAnIdleLoopHears(t *testing.T) {
	l, e := onEpoll(t)
	client, c := pair(t, l)
	for name, ring := range map[string]func(){
		"a request": func() { rawWrite(client, []byte("PING\r\n")) },
		"wake":      e.wake,
	} {
		for round := range 20 {
			slept := make(chan error, 1)
			go func() {
				began := time.Now()
				n, err := e.idle.sleep(60_000)
				if err == nil && (n != 1 || time.Since(began) > 50*time.Second) {
					err = fmt.Errorf("%d events", n)
				}
				slept <- err
			}()
			if round%2 == 0 {
				time.Sleep(time.Millisecond) // it is asleep, most times
			}
			ring()
			if err := <-slept; err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := l.turn(true); err != nil { // takes the event away
				t.Fatal(err)
			}
		}
	}
	began := time.Now()
	if n, err := e.idle.sleep(30); n != 0 || err != nil || time.Since(began) < 25*time.Millisecond {
		t.Errorf("%d events after %v, %v", n, time.Since(began), err)
	}
	if c.closed {
		t.Error("the connection is gone")
	}
}
