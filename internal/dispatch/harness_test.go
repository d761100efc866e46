package dispatch_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/dispatch"
	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/node"
	"github.com/curfewkv/curfew/internal/node/nodetest"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp"
)

// rig is a node whose dispatcher tells the test what it tells others.
type rig struct {
	*node.Node
	t     testing.TB
	clock *clock.Fake

	debug error  // what a protected command is refused with
	oom   string // the explanation of an OOM error

	slowNs     int64    // from when on After is told
	slow       []string // commands that After was told of
	shown      []string // commands that MONITOR was shown
	remembered []string // keys that tracking was told of
	ended      int      // commands of tracking sessions that ended
}

// newRig makes an empty server of four shards and four workers, with more commands than its own.
func newRig(t testing.TB, more ...*command.Spec) *rig {
	t.Helper()
	r := &rig{t: t, slowNs: -1}
	r.Node, r.clock = nodetest.New(t, node.Options{Workers: 4, Commands: more, Adjust: func(o *dispatch.Options) {
		o.Tracking, o.Observe = r, r
		o.DebugAllowed = func(*session.Session, *command.Spec) error { return r.debug }
		o.OOMDetail = func(*keyspace.Txn) string { return r.oom }
	}})
	return r
}

func (r *rig) Remember(_ *session.Session, _ int, keys [][]byte) {
	for _, k := range keys {
		r.remembered = append(r.remembered, string(k))
	}
}
func (r *rig) CommandDone(*session.Session)   { r.ended++ }
func (r *rig) Watching() bool                 { return r.slowNs >= 0 }
func (r *rig) SlowNs() int64                  { return r.slowNs }
func (r *rig) CrossProtocol(*session.Session) {}
func (r *rig) Show(_ *session.Session, args [][]byte, _ int64) {
	r.shown = append(r.shown, strings.ToLower(string(args[0])))
}
func (r *rig) After(_ *session.Session, spec *command.Spec, _ [][]byte, _, _ int64) {
	r.slow = append(r.slow, spec.Full)
}

// policy sets maxmemory-policy.
func (r *rig) policy(name string) {
	r.t.Helper()
	p, ok := eviction.Parse(name)
	if !ok {
		r.t.Fatalf("there is no policy %s", name)
	}
	r.Keyspace.SetPolicy(p)
}

// client is a session and the bytes that it was sent and that were not processed.
type client struct {
	*session.Session
	rig    *rig
	worker int
	in     []byte
	woken  atomic.Int64
	signal chan struct{} // has one for what was woken and not waited for
}

// Wake implements session.Transport.
func (c *client) Wake(*session.Session) {
	c.woken.Add(1)
	select {
	case c.signal <- struct{}{}:
	default:
	}
}

func (r *rig) connect() *client {
	c := &client{rig: r, signal: make(chan struct{}, 1)}
	c.Session = r.NewSession(c)
	c.Addr, c.LocalAddr, c.Local = "127.0.0.1:1000", "127.0.0.1:6379", true
	r.Attach(c.Session)
	return c
}

// feed hands bytes to the session as they come from a socket, and returns what it replies.
func (c *client) feed(b string) (reply string) {
	c.in = append(c.in, b...)
	for {
		n, more := c.rig.Dispatch.Worker(c.worker).Process(c.Session, c.in)
		c.in = append([]byte(nil), c.in[n:]...) // the buffer of a connection moves
		reply += string(c.Out.AppendTo(nil))
		c.Out.Reset()
		if !more {
			return reply
		}
	}
}

// do sends one command.
func (c *client) do(args ...string) string { return c.feed(string(resp.AppendCommand(nil, args...))) }

// expect sends commands, each a line of words, and compares the replies.
func (c *client) expect(steps ...[2]string) {
	c.rig.t.Helper()
	for _, s := range steps {
		if got := c.feed(s[0] + "\r\n"); got != s[1] {
			c.rig.t.Errorf("%s: %q, want %q", s[0], got, s[1])
		}
	}
}
