package server

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/resp"
)

// start runs a server on a unix socket of its own until the test ends, and returns the socket's path.
func start(t *testing.T, args ...string) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	s, err := New(append([]string{"--port", "0", "--unixsocket", socket, "--event-loops", "2"}, append(transport(), args...)...))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run() }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return socket
}

// dial connects; a server that has not begun to listen is given time to.
func dial(t *testing.T, socket string) net.Conn {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		c, err := net.Dial("unix", socket)
		if err == nil {
			t.Cleanup(func() { c.Close() })
			c.SetDeadline(time.Now().Add(20 * time.Second))
			return c
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// ask sends a command and returns what the server sends first.
func ask(t *testing.T, c net.Conn, args ...string) string {
	t.Helper()
	send(t, c, args...)
	return receive(t, c)
}

func send(t *testing.T, c net.Conn, args ...string) {
	t.Helper()
	if _, err := c.Write(resp.AppendCommand(nil, args...)); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, c net.Conn) string {
	t.Helper()
	var b [64 << 10]byte
	n, err := c.Read(b[:])
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

// The request that waits was taken from the connection's buffer: the loop must go on with it all the same.
func TestARequestThatWasPausedIsRunAtTheEndOfThePause(t *testing.T) {
	socket := start(t)
	a, b := dial(t, socket), dial(t, socket)
	pause := func(ms string) {
		t.Helper()
		if got := ask(t, a, "CLIENT", "PAUSE", ms, "WRITE"); got != "+OK\r\n" {
			t.Fatal(got)
		}
	}
	pause("20")
	if got := ask(t, b, "SET", "k", "v"); got != "+OK\r\n" {
		t.Errorf("at the end of its time: %q", got)
	}
	pause("60000")
	send(t, b, "SET", "k", "v")
	for !strings.Contains(ask(t, a, "INFO", "clients"), "blocked_clients:1") { // until the deadline of the connection
	}
	ask(t, a, "CLIENT", "UNPAUSE")
	if got := receive(t, b); got != "+OK\r\n" {
		t.Errorf("at UNPAUSE: %q", got)
	}
	if !strings.Contains(ask(t, a, "INFO", "clients"), "blocked_clients:0") {
		t.Error("who was held still counts as blocked")
	}
}
