package loop

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/node"
	"github.com/curfewkv/curfew/internal/node/nodetest"
	"github.com/curfewkv/curfew/resp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is a transport whose bytes the test sends and takes.
type wire struct {
	ends  []*end
	woken int
	slept int    // ms of the last wait
	calls []byte // r for each that received something, s for each that sent
}

// end is the client's end of a connection.
type end struct {
	*conn
	sends  string // sent by the client, not yet received
	ended  bool   // the client sends nothing more
	got    strings.Builder
	takes  int // how many bytes the client takes; fewer than 0: all
	closed bool
}

func init() {
	networks["wire"] = func(*Group) network { return wires{} }
}

type wires struct{}

func (wires) open(*Loop) (transport, error) { return new(wire), nil }
func (wires) listen(net.Listener) error     { return nil }
func (wires) unlisten(net.Listener)         {}
func (wires) retry()                        {}
func (wires) quietNs() int64                { return 0 }
func (wires) close()                        {}

func (w *wire) wait(ms int) ([]event, error) {
	w.slept = ms
	var ready []event
	for _, e := range w.ends {
		ev := event{e.conn, (e.sends != "" || e.ended) && !e.eof, e.wantWrite && e.takes != 0}
		if !e.closed && (ev.readable || ev.writable) {
			ready = append(ready, ev)
		}
	}
	return ready, nil
}

func (w *wire) wake()           { w.woken++ }
func (w *wire) add(*conn) error { return nil }
func (w *wire) interest(*conn)  {}
func (w *wire) shut(*conn)      {}
func (w *wire) close(c *conn)   { w.of(c).closed = true }
func (w *wire) end()            {}

func (w *wire) of(c *conn) *end {
	for _, e := range w.ends {
		if e.conn == c {
			return e
		}
	}
	return nil
}

func (w *wire) recv(c *conn, b []byte) (int, error) {
	e := w.of(c)
	n := copy(b, e.sends)
	e.sends = e.sends[n:]
	switch {
	case n == 0 && e.ended:
		return 0, io.EOF
	case n == 0:
		return 0, errAgain
	}
	w.calls = append(w.calls, 'r')
	return n, nil
}

func (w *wire) send(c *conn, pieces [][]byte) (sent int, err error) {
	e := w.of(c)
	w.calls = append(w.calls, 's')
	for _, p := range pieces {
		if e.takes >= 0 {
			p = p[:min(len(p), e.takes)]
			e.takes -= len(p)
		}
		e.got.Write(p)
		sent += len(p)
	}
	if sent == 0 {
		return 0, errAgain
	}
	return sent, nil
}

// rig is a group whose loops are run turn by turn.
type rig struct {
	*Group
	t     *testing.T
	clock *clock.Fake
}

func newRig(t *testing.T, loops int) *rig {
	t.Helper()
	return newRigWith(t, loops, node.Options{})
}

// newRigWith is newRig with options of the node.
func newRigWith(t *testing.T, loops int, o node.Options) *rig {
	t.Helper()
	r := &rig{t: t}
	var n *node.Node
	o.Workers, o.Wake = loops, func(shard int) {
		if r.Group != nil {
			r.Wake(shard)
		}
	}
	n, r.clock = nodetest.New(t, o)
	zero := func() int64 { return 0 }
	g, err := New(Options{
		Node: n, Loops: loops, Transport: "wire", Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Refuse: func(bool) string { return "" }, UnixPath: func() string { return "" }, Timeout: zero, Keepalive: zero,
		Tick: func() {}, Stopping: func() {}, Fail: func(err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Group = g
	t.Cleanup(g.Close)
	return r
}

func (r *rig) wire(i int) *wire { return r.loops[i].t.(*wire) }

// connect makes a connection of loop i.
func (r *rig) connect(i int) *end {
	l := r.loops[i]
	c := &conn{loop: l}
	c.sess = r.o.Node.NewSession(c)
	e := &end{conn: c, takes: -1}
	r.wire(i).ends = append(r.wire(i).ends, e)
	r.o.Node.Attach(c.sess)
	r.o.Node.Account(c.sess, connOverhead)
	l.add(c)
	return e
}

// turn lets loop i do one turn and returns whether it has more to do.
func (r *rig) turn(i int) bool {
	more, err := r.loops[i].turn(false)
	if err != nil {
		r.t.Fatal(err)
	}
	return more
}

func (e *end) send(args ...string) { e.sends += string(resp.AppendCommand(nil, args...)) }

// take is what was sent since the last call.
func (e *end) take() string {
	got := e.got.String()
	e.got.Reset()
	return got
}
