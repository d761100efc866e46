package sessiontest

import (
	"fmt"
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
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/monitor"
	"github.com/curfewkv/curfew/internal/pubsub"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/internal/slowlog"
	"github.com/curfewkv/curfew/internal/tracking"
	"github.com/curfewkv/curfew/internal/watch"
)

// Start is where the clock of a Server stands at first.
var Start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Server is everything but sockets. It is for one goroutine.
type Server struct {
	Clock    *clock.Fake
	Keyspace *keyspace.Keyspace
	Journal  journal.Journal
	Clients  *session.Registry
	PubSub   *pubsub.Registry
	Notifier *pubsub.Notifier
	Watch    *watch.Service
	Tracking *tracking.Table
	Monitor  *monitor.Feed
	Slow     *slowlog.Log
	Pause    session.Pause
	Dispatch *dispatch.Dispatcher

	// What configuration would say.
	Password    string
	TrackedKeys int64
	SlowNs      int64
	AppendOnly  bool
	OutputLimit int64

	t testing.TB
}

// New makes an empty server with the commands of strings, keys and lifetimes, those of this package's subject, and more
// that the services of the server are given to.
func New(t testing.TB, more func(s *Server) []*command.Spec) *Server {
	t.Helper()
	s := &Server{t: t, Clock: clock.NewFake(Start), Clients: session.NewRegistry(), TrackedKeys: 1_000_000, SlowNs: -1}
	k, err := keyspace.New(keyspace.Options{
		Shards: 4, Databases: 16, ReservePerShard: 1 << 30, Journal: &s.Journal, Wake: func(int) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	s.Keyspace = k
	s.services()
	families := [][]*command.Spec{
		stringcmd.Specs(func() int64 { return 512 << 20 }), keycmd.Specs(func() bool { return false }), lifecmd.Specs(),
		pubsubcmd.Specs(s.PubSub), s.connections(), dispatch.Transactions(func() *dispatch.Dispatcher { return s.Dispatch }),
	}
	if more != nil {
		families = append(families, more(s))
	}
	s.Dispatch = dispatch.New(dispatch.Options{
		Keyspace: k, Table: command.NewTable(families...), Clock: s.Clock, Watch: s.Watch, Tracking: s.Tracking,
		Observe: observer{s}, Pause: &s.Pause, Password: func() string { return s.Password },
		MaxBulk: func() int64 { return 512 << 20 }, LatencyTracking: func() bool { return true },
		DebugAllowed: func(*session.Session, *command.Spec) error { return nil },
		OOMDetail:    func(*keyspace.Txn) string { return "" }, Workers: 1,
	})
	return s
}

func (s *Server) services() {
	limit := func(*session.Session) int64 { return s.OutputLimit }
	s.PubSub = pubsub.New(func() int64 { return s.OutputLimit })
	s.Notifier = pubsub.NewNotifier(&s.Journal, s.PubSub)
	s.Watch = watch.New(&s.Journal, watch.LookupIn(s.Keyspace, s.Clock))
	s.Tracking = tracking.New(tracking.Config{
		Journal: &s.Journal, Sessions: s.Clients, Limit: limit, MaxKeys: func() int64 { return s.TrackedKeys },
	})
	s.Monitor = monitor.New(limit)
	s.Slow = slowlog.New(func() int64 { return 128 })
}

func (s *Server) connections() []*command.Spec {
	return conncmd.Specs(&conncmd.Deps{
		Clients: s.Clients, PubSub: s.PubSub, Tracking: s.Tracking, Monitor: s.Monitor, Pause: &s.Pause,
		Discard:  func(c *session.Session) { s.Dispatch.Discard(c) },
		Password: func() string { return s.Password }, AppendOnly: func() bool { return s.AppendOnly }, Version: "7.4.0",
	})
}

// observer shows commands to monitors and the slow log.
type observer struct{ s *Server }

func (o observer) Watching() bool { return o.s.Monitor.Active() }

func (o observer) Show(c *session.Session, args [][]byte, wallNs int64) {
	o.s.Monitor.Show(c, c.DB, monitor.Hide(args), wallNs)
}

// CrossProtocol needs no telling: the test sees the session closed.
func (o observer) CrossProtocol(*session.Session) {}

func (o observer) SlowNs() int64 { return o.s.SlowNs }

func (o observer) After(c *session.Session, _ *command.Spec, args [][]byte, durNs, wallNs int64) {
	o.s.Slow.Add(monitor.Hide(args), durNs/1000, wallNs/1e9, c.Addr, session.Text(&c.Public.Name))
}

// Conn is a connection without a socket: its session, and what that was sent.
type Conn struct {
	*session.Session
	Closed bool
	server *Server
	in     []byte
	got    []string
}

// Wake does nothing: the server looks at all connections anyway.
func (*Conn) Wake(*session.Session) {}

// Connect opens a connection.
func (s *Server) Connect() *Conn {
	c := &Conn{server: s}
	id := s.Clients.NextID()
	c.Session = session.New(id, c, s.Clock.Mono())
	c.Addr, c.LocalAddr = fmt.Sprintf("127.0.0.1:%d", 1000+id), "127.0.0.1:6379"
	c.FD, c.Local = int(10+id), true
	c.Authenticated = s.Password == ""
	s.Clients.Add(c.Session)
	return c
}
