package server

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/session"
)

func TestConnectionsBeyondMaxclientsAreRefused(t *testing.T) {
	r := run(t, "--maxclients", "3")
	var clients []*client
	for range 3 {
		c := r.tcp()
		c.ask("PING")
		clients = append(clients, c)
	}
	refused := r.tcp()
	if got, _ := io.ReadAll(refused.r); string(got) != "-ERR max number of clients reached\r\n" {
		t.Errorf("the fourth client got %q", got)
	}
	if n := r.node.Traffic.Rejected.Load(); n != 1 {
		t.Errorf("%d connections were counted as refused", n)
	}
	clients[0].Close()
	poll(t, "a place that became free", func() error {
		c := r.unix()
		defer c.Close()
		io.WriteString(c, request("PING")) // fails where it was refused already
		if got, err := c.reply(); got != "+PONG\r\n" {
			return fmt.Errorf("%q, %w", got, err)
		}
		return nil
	})
	if got := clients[1].ask("CONFIG", "SET", "maxclients", "10"); got != "+OK\r\n" {
		t.Fatal(got)
	}
	for range 5 {
		r.tcp().ask("PING")
	}
}

func TestIdleClientsAreClosedAfterTheTimeout(t *testing.T) {
	r := run(t)
	idle, listens, active := r.tcp(), r.tcp(), r.tcp()
	listens.send(request("SUBSCRIBE", "news"))
	listens.reply()
	active.ask("CONFIG", "SET", "timeout", "1")
	var b [1]byte
	gone := make(chan error, 1)
	go func() { _, err := idle.Read(b[:]); gone <- err }()
	for end := time.Now().Add(patience); ; {
		select {
		case err := <-gone:
			if err != io.EOF {
				t.Errorf("the idle client: %v", err)
			}
			if got := active.ask("PUBLISH", "news", "hello"); got != ":1\r\n" {
				t.Errorf("the subscriber is gone: %q", got)
			}
			return
		case <-time.After(50 * time.Millisecond):
			active.ask("PING")
		}
		if time.Now().After(end) {
			t.Fatal("the idle client was not closed")
		}
	}
}

func TestProtectedModeRefusesOthersWithoutAPassword(t *testing.T) {
	for _, c := range []struct {
		protected, password string
		local, refused      bool
	}{
		{"yes", "", false, true}, {"yes", "", true, false}, {"no", "", false, false}, {"yes", "secret", false, false},
	} {
		r := run(t, "--protected-mode", c.protected, "--requirepass", c.password)
		if got := r.refuse(c.local); (got != "") != c.refused || c.refused && !strings.HasPrefix(got, "-DENIED ") {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestTheUnixSocketHasItsPermissionsAndGoesWithTheServer(t *testing.T) {
	r := run(t, "--unixsocketperm", "700", "--port", "0")
	info, err := os.Stat(r.socket)
	if err != nil {
		t.Fatal(err)
	}
	if perm := info.Mode().Perm(); perm != 0o700 {
		t.Errorf("permissions %o", perm)
	}
	if got := r.unix().ask("CLIENT", "INFO"); !strings.Contains(got, " addr="+r.socket+":0 ") || !strings.Contains(got, " flags=U ") {
		t.Errorf("a client of the unix socket: %q", got)
	}
	r.stop()
	if _, err := os.Stat(r.socket); !os.IsNotExist(err) {
		t.Errorf("after the stop: %v", err)
	}
}

// A peer that asks, closes its side and then reads gets all replies, more than the sockets hold.
func TestAHalfClosedConnectionGetsItsReplies(t *testing.T) {
	r := run(t)
	const n, size = 40, 1 << 20
	r.tcp().ask("SET", "big", strings.Repeat("x", size))
	for name, c := range map[string]*client{"tcp": r.tcp(), "unix": r.unix()} {
		c.send(strings.Repeat(request("GET", "big"), n) + request("PING"))
		if err := c.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		until(t, "replies that wait", func() bool { return r.unsent() > size || r.node.Sessions.Len() < 3 })
		got, err := io.ReadAll(c.r)
		if err != nil || len(got) != n*(size+len("$1048576\r\n\r\n"))+len("+PONG\r\n") || !strings.HasSuffix(string(got), "\r\n+PONG\r\n") {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	// One that closes altogether is forgotten, whatever waits for it.
	c := r.tcp()
	c.send(strings.Repeat(request("GET", "big"), n))
	until(t, "replies that wait", func() bool { return r.unsent() > size })
	c.Close()
	until(t, "the end of the connection", func() bool { return r.node.Sessions.Len() <= 1 })
}

func TestQuitAnswersAndCloses(t *testing.T) {
	r := run(t)
	c := r.tcp()
	c.send(request("PING") + request("QUIT") + request("SET", "after", "quit"))
	if got, err := io.ReadAll(c.r); string(got) != "+PONG\r\n+OK\r\n" {
		t.Errorf("%q, %v", got, err)
	}
	if got := r.tcp().ask("EXISTS", "after"); got != ":0\r\n" {
		t.Errorf("a request behind QUIT was run: %q", got)
	}
}

func TestListenersFollowTheConfiguration(t *testing.T) {
	r := run(t)
	admin := r.unix()
	here := func() bool {
		c, err := net.Dial("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port)))
		if err == nil {
			c.Close()
		}
		return err == nil
	}
	old := r.port
	kept := r.tcp()
	r.port = freePort(t)
	if got := admin.ask("CONFIG", "SET", "port", strconv.Itoa(r.port)); got != "+OK\r\n" {
		t.Fatal(got)
	}
	if got := r.tcp().ask("PING"); got != "+PONG\r\n" {
		t.Errorf("on the new port: %q", got)
	}
	if got := kept.ask("PING"); got != "+PONG\r\n" {
		t.Errorf("a connection of the old port: %q", got)
	}
	r.port = old
	if here() {
		t.Error("the old port is still listened on")
	}
	if got := admin.ask("CONFIG", "SET", "port", strconv.Itoa(old), "bind", "127.0.0.1 -::1"); got != "+OK\r\n" {
		t.Fatal(got)
	}
	if !here() {
		t.Error("the first port is not listened on again")
	}
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	if got := admin.ask("CONFIG", "SET", "port", port); !strings.HasPrefix(got, "-ERR CONFIG SET failed") {
		t.Errorf("a port that is taken: %q", got)
	}
	if !here() {
		t.Error("after a failed change the port is not listened on")
	}
	if got := admin.ask("CONFIG", "GET", "port"); !strings.HasPrefix(got, "*2") {
		t.Fatal(got)
	}
	admin.reply()
	if got, _ := admin.reply(); got != fmt.Sprintf("$%d\r\n%d\r\n", len(strconv.Itoa(old)), old) {
		t.Errorf("after a failed change the port is shown as %q", got)
	}
	// Ports that come and go while clients connect.
	stop := make(chan struct{})
	connecting := make(chan struct{})
	go func() {
		defer close(connecting)
		for {
			select {
			case <-stop:
				return
			default:
				here()
			}
		}
	}()
	for range 50 {
		if got := admin.ask("CONFIG", "SET", "port", "0"); got != "+OK\r\n" {
			t.Fatal(got)
		}
		if got := admin.ask("CONFIG", "SET", "port", strconv.Itoa(old)); got != "+OK\r\n" {
			t.Fatal(got)
		}
	}
	close(stop)
	<-connecting
	r.tcp().ask("PING")
}

func TestARequestOverTheQueryLimitClosesTheConnection(t *testing.T) {
	r := run(t, "--client-query-buffer-limit", "1mb")
	admin := r.unix()
	large := "*2\r\n$4\r\nECHO\r\n$3000000\r\n" + strings.Repeat("x", 2_900_000)
	c := r.tcp()
	io.WriteString(c, large) // fails when the connection is closed meanwhile
	if !c.ended() {
		t.Error("an argument over the limit was taken")
	}
	c = r.tcp()
	c.ask("MULTI")
	for range 3 {
		io.WriteString(c, request("SET", "k", strings.Repeat("x", 500_000)))
	}
	if !c.ended() {
		t.Error("a transaction over the limit was taken")
	}
	if got := admin.ask("CONFIG", "SET", "client-query-buffer-limit", "1gb"); got != "+OK\r\n" {
		t.Fatal(got)
	}
	c = r.tcp()
	c.send(large, strings.Repeat("x", 100_000), "\r\n")
	if got, err := c.reply(); len(got) != len("$3000000\r\n")+3_000_002 || err != nil {
		t.Errorf("within the limit: %d bytes, %v", len(got), err)
	}
	// Before the password a megabyte is the limit, which is reached only while requests wait.
	if got := admin.ask("CONFIG", "SET", "requirepass", "secret"); got != "+OK\r\n" {
		t.Fatal(got)
	}
	admin.ask("CLIENT", "PAUSE", "100000")
	c = r.tcp()
	io.WriteString(c, request("AUTH", "secret")+strings.Repeat(request("PING"), 100_000))
	if !c.ended() {
		t.Error("a client without the password may send what it likes during a pause")
	}
}

func TestSlowReadersAreCutOffAndTheirMemoryIsGivenBack(t *testing.T) {
	for name, c := range map[string]struct{ limit, ask string }{
		"hard":                  {"normal 3000000 0 0", "GET"},
		"soft":                  {"normal 0 1000000 1", "GET"},
		"hard, of a subscriber": {"pubsub 3000000 0 0", "SUBSCRIBE"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t)
			admin, slow := r.unix(), r.tcp()
			admin.ask("SET", "big", strings.Repeat("x", 100_000))
			if got := admin.ask("CONFIG", "SET", "client-output-buffer-limit", c.limit); got != "+OK\r\n" {
				t.Fatal(got)
			}
			if c.ask == "SUBSCRIBE" {
				slow.ask("SUBSCRIBE", "big")
			}
			used := r.node.Keyspace.Used()
			for end := time.Now().Add(patience); r.node.Sessions.Len() > 1; {
				if time.Now().After(end) {
					t.Fatal("the slow reader is still there")
				}
				if c.ask == "SUBSCRIBE" {
					admin.ask("PUBLISH", "big", strings.Repeat("x", 100_000))
				} else if _, err := io.WriteString(slow, request("GET", "big")); err != nil {
					break
				} else if r.unsent() > 2_500_000 { // enough for the soft limit
					time.Sleep(10 * time.Millisecond)
				}
			}
			until(t, "its memory", func() bool { return r.node.Keyspace.Used() < used+50_000 })
			if got := admin.ask("GET", "big"); len(got) < 100_000 {
				t.Errorf("another client: %.20q", got)
			}
		})
	}
}

// Whatever connections hold is memory in use, and none of it is left when they are gone.
func TestMemoryInUseReturnsWhenConnectionsClose(t *testing.T) {
	before := descriptors(t)
	r := run(t)
	until(t, "the start", func() bool { return r.node.Sessions.Len() == 0 })
	start := r.node.Keyspace.Used()
	admin := r.unix()
	admin.ask("SET", "big", strings.Repeat("x", 1<<20))    // which replies share
	admin.ask("SET", "small", strings.Repeat("x", 60_000)) // which they copy
	full := r.node.Keyspace.Used()
	var all []*client
	for i := range 60 {
		c := r.tcp()
		all = append(all, c)
		switch i % 8 {
		case 0:
			c.send(strings.Repeat(request("GET", "big"), 20), strings.Repeat(request("GET", "small"), 120)) // replies that nobody reads
		case 1:
			c.send("*2\r\n$4\r\nECHO\r\n$5000000\r\n" + strings.Repeat("x", 300_000)) // half a request
		case 2:
			c.send(request("MULTI"), strings.Repeat(request("SET", "k", strings.Repeat("x", 10_000)), 20))
		case 3:
			c.send(request("SUBSCRIBE", "a", "b", "c"), request("PSUBSCRIBE", "x*"))
		case 4:
			c.send(request("WATCH", "big", "k"))
		case 5:
			c.send(request("HELLO", "3"), request("CLIENT", "TRACKING", "ON", "BCAST"))
		case 6:
			c.send(request("MONITOR"))
		case 7:
			c.ask("SET", "k", strings.Repeat("x", 200_000))
			c.ask("DEL", "k")
		}
	}
	until(t, "the memory of connections", func() bool { return r.node.Keyspace.Used() > full+20<<20 })
	for i, c := range all {
		if i%2 == 0 {
			c.Close()
		} else {
			c.Conn.(*net.TCPConn).SetLinger(0) // reset
			c.Close()
		}
	}
	until(t, "the end of the connections", func() bool { return r.node.Sessions.Len() == 1 })
	admin.ask("DEL", "big", "small", "k")
	admin.Close()
	until(t, fmt.Sprintf("memory in use at its start, %d: it is %d", start, r.node.Keyspace.Used()), func() bool { return r.node.Keyspace.Used() == start })
	if n := r.node.Keyspace.External(); n != 0 {
		t.Errorf("%d bytes of connections are left", n)
	}
	r.stop()
	until(t, fmt.Sprintf("%d descriptors as before: there are %d", before, descriptors(t)), func() bool { return descriptors(t) <= before })
}

func TestABlockedOrPausedClientThatGoesIsForgotten(t *testing.T) {
	r := run(t)
	admin := r.unix()
	for name, begin := range map[string]func(c *client){
		"blocked": func(c *client) { c.send(request("WAIT", "1", "0")) },
		"paused": func(c *client) {
			admin.ask("CLIENT", "PAUSE", "100000", "WRITE")
			c.send(request("SET", "ghost", "x"))
		},
	} {
		for _, end := range []string{"close", "kill", "half"} {
			c := r.tcp()
			id := strings.Trim(c.ask("CLIENT", "ID"), ":\r\n")
			begin(c)
			until(t, name, func() bool {
				return r.flagged(session.FlagBlocked) == 1
			})
			switch end {
			case "close":
				c.Close()
			case "kill":
				if got := admin.ask("CLIENT", "KILL", "ID", id); got != ":1\r\n" {
					t.Errorf("%s: %q", name, got)
				}
			case "half":
				c.Conn.(*net.TCPConn).CloseWrite()
			}
			until(t, name+", "+end, func() bool { return r.node.Sessions.Len() == 1 && r.node.Pause.Waiting() == 0 })
		}
		admin.ask("CLIENT", "UNPAUSE")
	}
	if got := admin.ask("EXISTS", "ghost"); got != ":0\r\n" {
		t.Error("a request of a client that is gone was run")
	}
	if got := r.tcp().ask("SET", "k", "v"); got != "+OK\r\n" {
		t.Errorf("another client: %q", got)
	}
}

// Connections that come and go reuse descriptors within one batch of events.
func TestConnectionsThatComeAndGo(t *testing.T) {
	r := run(t)
	admin := r.unix()
	admin.ask("SET", "k", "value")
	var failed [8]error
	done := make(chan int)
	for worker := range failed {
		go func() {
			defer func() { done <- worker }()
			for i := range 150 {
				conn, err := net.Dial("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port)))
				if err != nil {
					failed[worker] = err
					return
				}
				conn.SetDeadline(time.Now().Add(patience))
				key := fmt.Sprintf("%d:%d", worker, i)
				io.WriteString(conn, request("SET", key, key)+request("GET", key)+request("QUIT"))
				if i%3 == 0 {
					conn.Close()
					continue
				}
				got, err := io.ReadAll(conn)
				conn.Close()
				if want := fmt.Sprintf("+OK\r\n$%d\r\n%s\r\n+OK\r\n", len(key), key); string(got) != want {
					failed[worker] = fmt.Errorf("%q, %w, want %q", got, err, want)
					return
				}
			}
		}()
	}
	for range failed {
		<-done
	}
	for worker, err := range failed {
		if err != nil {
			t.Errorf("worker %d: %v", worker, err)
		}
	}
	until(t, "the end of the connections", func() bool { return r.node.Sessions.Len() == 1 })
}
