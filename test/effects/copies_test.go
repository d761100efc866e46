package effects

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/node"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/internal/session/sessiontest"
	"github.com/curfewkv/curfew/resp"
)

// state is what a server holds: by "db/key" the value, and the deadline as unix time in ms, 0 for none.
type state map[string]held

type held struct {
	value string
	at    int64
}

func (h held) String() string {
	return fmt.Sprintf("%d bytes %.60q until %d", len(h.value), h.value, h.at)
}

// differences lists at most a few keys that differ.
func (s state) differences(other state) (out []string) {
	all := maps.Clone(s)
	maps.Copy(all, other)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		mine, here := s[key]
		theirs, there := other[key]
		if mine == theirs && here == there {
			continue
		}
		if out = append(out, fmt.Sprintf("%q: %v %v, %v %v", key, here, mine, there, theirs)); len(out) == 5 {
			return out
		}
	}
	return out
}

// stateOf reads a node.
func stateOf(n *node.Node) state {
	out := state{}
	tx := n.Keyspace.NewTxn()
	for db := range databases {
		tx.Begin(n.Clock.Now(), db, 0, true)
		tx.LockAll()
		tx.Each(func(en keyspace.Entry) {
			h := held{value: string(en.String(nil))}
			if at := en.Deadline(); at != keyspace.None {
				h.at = tx.UnixMs(at)
			}
			out[fmt.Sprintf("%d/%s", db, en.Key())] = h
		})
		tx.Unlock()
	}
	return out
}

// copied is a server that runs the stream.
type copied interface {
	name() string
	// run runs more of the stream; the error is that of a command in it.
	run(t *testing.T, stream []byte)
	state(t *testing.T) state
}

// curfew is an empty node.
type curfew struct {
	server *sessiontest.Server
	conn   *sessiontest.Conn
	worker interface {
		Process(s *session.Session, buf []byte) (n int, more bool)
	}
}

func newCurfew(t *testing.T) *curfew {
	s := sessiontest.New(t)
	return &curfew{server: s, conn: s.Connect(), worker: s.Dispatch.Worker(0)}
}

func (c *curfew) name() string { return "curfew" }

func (c *curfew) run(t *testing.T, stream []byte) {
	s := c.conn.Session
	for len(stream) > 0 {
		n, _ := c.worker.Process(s, stream)
		if n == 0 {
			t.Fatalf("curfew cannot go on with %.100q", stream)
		}
		stream = stream[n:]
	}
	for _, reply := range c.conn.Receive() {
		if reply[0] == '-' || reply == "closed" {
			t.Fatalf("a command of the stream is answered %s", reply)
		}
	}
}

func (c *curfew) state(*testing.T) state { return stateOf(c.server.Node) }

// redis is a running redis-server.
type redis struct{ conn *resp.Conn }

// patience bounds the waits for redis-server.
const patience = 20 * time.Second

// newRedis starts a redis-server that ends with the test; nil: there is none.
func newRedis(t *testing.T) *redis {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil
	}
	socket := filepath.Join(t.TempDir(), "s")
	cmd := exec.Command(path, "--port", "0", "--unixsocket", socket, "--save", "", "--loglevel", "warning")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Log(err)
		}
		_ = cmd.Wait() // killed: the status says nothing
	})
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		c, err := resp.Dial("unix:" + socket)
		if err == nil {
			t.Cleanup(func() { _ = c.Close() })
			return &redis{c}
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

func (r *redis) name() string { return "redis-server" }

func (r *redis) run(t *testing.T, stream []byte) {
	t.Helper()
	var p resp.Parser
	const batch = 200
	sent := 0
	for len(stream) > 0 {
		_, n, err := p.Next(stream, nil, &resp.Limits{})
		if err != nil || n == 0 {
			t.Fatalf("the stream goes on with %.100q: %v", stream, err)
		}
		r.conn.SendRaw(stream[:n], 1)
		stream = stream[n:]
		if sent++; sent == batch || len(stream) == 0 {
			r.receive(t, sent)
			sent = 0
		}
	}
}

// receive takes n replies, none of which may be an error.
func (r *redis) receive(t *testing.T, n int) (out []resp.Value) {
	t.Helper()
	if err := r.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if err := r.conn.Flush(); err != nil {
		t.Fatal(err)
	}
	for range n {
		v, err := r.conn.Receive()
		if err == nil {
			err = firstError(v)
		}
		if err != nil {
			t.Fatalf("redis-server: %v", err)
		}
		out = append(out, v)
	}
	return out
}

// firstError is an error in a reply, or in that of EXEC.
func firstError(v resp.Value) error {
	if v.Type == '-' {
		return fmt.Errorf("it replies %s", v.Str)
	}
	for _, x := range v.Array {
		if err := firstError(x); err != nil {
			return err
		}
	}
	return nil
}

func (r *redis) do(t *testing.T, args ...string) resp.Value {
	t.Helper()
	r.conn.Send(args...)
	return r.receive(t, 1)[0]
}

// state reads all keys on a connection of the stream, and leaves that on the database on which it was.
func (r *redis) state(t *testing.T) state {
	t.Helper()
	was := r.do(t, "CLIENT", "INFO").Str
	out := state{}
	for db := range databases {
		r.do(t, "SELECT", strconv.Itoa(db))
		for _, key := range r.do(t, "KEYS", "*").Array {
			h := held{value: r.do(t, "GET", key.Str).Str}
			if at := r.do(t, "PEXPIRETIME", key.Str).Int; at > 0 {
				h.at = at
			}
			out[fmt.Sprintf("%d/%s", db, key.Str)] = h
		}
	}
	r.do(t, "SELECT", selected(was))
	return out
}

// selected is the database in a line of CLIENT INFO.
func selected(info string) string {
	for field := range strings.FieldsSeq(info) {
		if db, ok := strings.CutPrefix(field, "db="); ok {
			return db
		}
	}
	return "0"
}
