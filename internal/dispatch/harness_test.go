package dispatch_test

import (
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/command/conncmd"
	"github.com/curfewkv/curfew/internal/command/keycmd"
	"github.com/curfewkv/curfew/internal/command/lifecmd"
	"github.com/curfewkv/curfew/internal/command/pubsubcmd"
	"github.com/curfewkv/curfew/internal/command/stringcmd"
	"github.com/curfewkv/curfew/internal/dispatch"
	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/monitor"
	"github.com/curfewkv/curfew/internal/pubsub"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/internal/tracking"
	"github.com/curfewkv/curfew/internal/watch"
	"github.com/curfewkv/curfew/resp"
)

// rig is a dispatcher whose surroundings the test sets: what configuration would say, and fakes that note what they are told.
type rig struct {
	t        testing.TB
	clock    *clock.Fake
	keyspace *keyspace.Keyspace
	dispatch *dispatch.Dispatcher
	clients  *session.Registry
	pause    session.Pause

	password string
	debug    error  // what a protected command is refused with
	maxBulk  int64  // proto-max-bulk-len
	oom      string // the explanation of an OOM error

	slowNs     int64    // from when on After is told
	slow       []string // commands that After was told of
	remembered []string // keys that tracking was told of
	ended      int      // commands of tracking sessions that ended
}

// newRig makes an empty server of four shards with the commands of keys and connections, and more.
func newRig(t testing.TB, more ...*command.Spec) *rig {
	t.Helper()
	r := &rig{t: t, clock: clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), clients: session.NewRegistry(), slowNs: -1}
	j := &journal.Journal{}
	k, err := keyspace.New(keyspace.Options{Shards: 4, Databases: 16, ReservePerShard: 1 << 30, Journal: j})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	r.keyspace = k
	r.pause.OnChange = k.Settings.HoldExpiry.Store
	none := func(*session.Session) int64 { return 0 }
	channels := pubsub.New(func() int64 { return 0 })
	table := command.NewTable(
		stringcmd.Specs(func() int64 { return 512 << 20 }), keycmd.Specs(func() bool { return false }), lifecmd.Specs(), pubsubcmd.Specs(channels),
		dispatch.Transactions(func() *dispatch.Dispatcher { return r.dispatch }),
		conncmd.Specs(&conncmd.Deps{
			Clients: r.clients, PubSub: channels, Tracking: tracking.New(tracking.Config{Journal: j, Sessions: r.clients, Limit: none, MaxKeys: func() int64 { return 0 }}),
			Monitor: monitor.New(none), Pause: &r.pause, Discard: func(s *session.Session) { r.dispatch.Discard(s) },
			Password: func() string { return r.password }, AppendOnly: func() bool { return false }, Version: "7.4.0",
		}),
		more,
	)
	r.dispatch = dispatch.New(dispatch.Options{
		Keyspace: k, Table: table, Clock: r.clock, Watch: watch.New(j, watch.LookupIn(k, r.clock)), Tracking: r, Observe: r, Pause: &r.pause,
		Password: func() string { return r.password }, MaxBulk: func() int64 { return r.maxBulk }, LatencyTracking: func() bool { return true },
		DebugAllowed: func(*session.Session, *command.Spec) error { return r.debug },
		OOMDetail:    func(*keyspace.Txn) string { return r.oom }, Workers: 4,
	})
	return r
}

func (r *rig) Remember(_ *session.Session, _ int, keys [][]byte) {
	for _, k := range keys {
		r.remembered = append(r.remembered, string(k))
	}
}
func (r *rig) CommandDone(*session.Session)           { r.ended++ }
func (r *rig) Watching() bool                         { return false }
func (r *rig) Show(*session.Session, [][]byte, int64) {}
func (r *rig) SlowNs() int64                          { return r.slowNs }
func (r *rig) CrossProtocol(*session.Session)         {}
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
	r.keyspace.SetPolicy(p)
}

// client is a session and the bytes that it was sent and that were not processed.
type client struct {
	*session.Session
	rig    *rig
	worker int
	in     []byte
	woken  int
}

func (c *client) Wake(*session.Session) { c.woken++ }

func (r *rig) connect() *client {
	c := &client{rig: r}
	c.Session = session.New(r.clients.NextID(), c, r.clock.Mono())
	c.Local, c.Authenticated = true, r.password == ""
	c.Addr, c.LocalAddr = "127.0.0.1:1000", "127.0.0.1:6379"
	r.clients.Add(c.Session)
	return c
}

// feed hands bytes to the session as they come from a socket, and returns what it replies.
func (c *client) feed(b string) (reply string) {
	c.in = append(c.in, b...)
	for {
		n, more := c.rig.dispatch.Worker(c.worker).Process(c.Session, c.in)
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
