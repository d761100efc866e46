package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp"
)

// patience bounds every wait of these tests. What is waited for comes much sooner; a machine under load may take its time.
const patience = 20 * time.Second

// running is a server that the test can look into, on TCP and on a unix socket.
type running struct {
	*Server
	t      testing.TB
	port   int
	socket string
	done   chan error
}

// run starts a server with two event loops until the test ends.
func run(t testing.TB, args ...string) *running {
	t.Helper()
	r := &running{t: t, port: freePort(t), socket: filepath.Join(t.TempDir(), "socket"), done: make(chan error, 1)}
	args = append([]string{
		"--port", strconv.Itoa(r.port), "--bind", "127.0.0.1", "--unixsocket", r.socket, "--event-loops", "2", "--loglevel", "nothing",
		"--save", "", "--logfile", filepath.Join(t.TempDir(), "log"),
	}, append(transport(), args...)...)
	s, err := New(args)
	if err != nil {
		t.Fatal(err)
	}
	r.Server = s
	go func() { r.done <- s.Run() }()
	t.Cleanup(r.stop)
	r.unix().Close() // it listens
	return r
}

// transport is the choice of the transport that these tests are run over, the usual one without CURFEW_TRANSPORT.
func transport() []string {
	if name := os.Getenv("CURFEW_TRANSPORT"); name != "" {
		return []string{"--transport", name}
	}
	return nil
}

// stop ends the server and waits for that.
func (r *running) stop() {
	r.Stop()
	select {
	case err := <-r.done:
		if err != nil {
			r.t.Error(err)
		}
		r.done <- nil
	case <-time.After(patience):
		r.t.Fatal("the server does not stop")
	}
}

// freePort is a TCP port that nobody listens on now.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// client is a connection with a reader of replies.
type client struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

func (r *running) dial(network, addr string) *client {
	r.t.Helper()
	var conn net.Conn
	poll(r.t, "a connection", func() (err error) { conn, err = net.Dial(network, addr); return err })
	r.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		r.t.Fatal(err)
	}
	return &client{conn, r.t, bufio.NewReader(conn)}
}

func (r *running) tcp() *client {
	r.t.Helper()
	return r.dial("tcp4", fmt.Sprintf("127.0.0.1:%d", r.port))
}
func (r *running) unix() *client { r.t.Helper(); return r.dial("unix", r.socket) }

// poll calls fn until it returns no error.
func poll(t testing.TB, what string, fn func() error) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		err := fn()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// until polls a condition.
func until(t testing.TB, what string, fn func() bool) {
	t.Helper()
	poll(t, what, func() error {
		if fn() {
			return nil
		}
		return errors.New("not in time")
	})
}

// send writes requests.
func (c *client) send(requests ...string) {
	c.t.Helper()
	if _, err := io.WriteString(c, strings.Join(requests, "")); err != nil {
		c.t.Fatal(err)
	}
}

// reply reads a reply of one line, or a bulk string with its header.
func (c *client) reply() (string, error) {
	line, err := c.r.ReadString('\n')
	if err != nil || line[0] != '$' || line == "$-1\r\n" {
		return line, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(line[1:]))
	if err != nil {
		return line, err
	}
	rest := make([]byte, n+2)
	_, err = io.ReadFull(c.r, rest)
	return line + string(rest), err
}

// ask sends a command and returns its reply.
func (c *client) ask(args ...string) string {
	c.t.Helper()
	c.send(request(args...))
	got, err := c.reply()
	if err != nil {
		c.t.Fatalf("%q: %v after %q", args, err, got)
	}
	return got
}

// ended reports whether the server has closed the connection; what it had sent before is thrown away.
func (c *client) ended() bool {
	_, err := io.Copy(io.Discard, c.r)
	return err == nil || !errors.Is(err, os.ErrDeadlineExceeded) // reset, where something that was sent was not read
}

func request(args ...string) string { return string(resp.AppendCommand(nil, args...)) }

// unsent is the largest number of bytes that wait for a client.
func (r *running) unsent() (n int64) {
	r.node.Sessions.Each(func(s *session.Session) { n = max(n, s.Public.OutBytes.Load()) })
	return n
}

// flagged is how many sessions have a flag.
func (r *running) flagged(flag uint32) (n int) {
	r.node.Sessions.Each(func(s *session.Session) {
		if s.HasFlag(flag) {
			n++
		}
	})
	return n
}

// descriptors is how many files the process has open.
func descriptors(t testing.TB) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(fds)
}
