package loop

import (
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/node"
	"github.com/curfewkv/curfew/internal/session"
)

// Options are what a Group needs; all fields are required. The functions are safe for concurrent use.
type Options struct {
	// Node has a worker for each loop.
	Node  *node.Node
	Loops int
	// Transport is one of Transports.
	Transport string
	Log       *slog.Logger
	// Refuse is the error for a connection that may not come in, in full, "" when it may. local: it is from this machine.
	Refuse func(local bool) string
	// UnixPath is the path of the unix socket, as clients of it are named.
	UnixPath func() string
	// Timeout is after how many seconds an idle client is closed, Keepalive how many seconds are between TCP's probes; 0: never.
	Timeout, Keepalive func() int64
	// Tick is called by each loop about ten times a second while the server is in use, and less often while it is not.
	Tick func()
	// Stopping is called once, by a loop, when a stop begins: listeners are to be closed.
	Stopping func()
	// Fail is told that a loop cannot go on.
	Fail func(err error)
}

// Group is the event loops of a server and what they share.
type Group struct {
	o       Options       // immutable
	network network       // immutable
	loops   []*Loop       // immutable
	next    atomic.Uint64 // counts connections, which the loops get in turn
}

// New makes a group. It serves in Run.
func New(o Options) (*Group, error) {
	g := &Group{o: o}
	open, ok := networks[o.Transport]
	if !ok {
		return nil, fmt.Errorf("there is no transport %q on this system", o.Transport)
	}
	g.network = open(g)
	shards := o.Node.Keyspace.Shards()
	for i := range o.Loops {
		var mine []int
		for shard := i; shard < shards; shard += o.Loops {
			mine = append(mine, shard)
		}
		l := newLoop(g, i, mine)
		var err error
		if l.t, err = g.network.open(l); err != nil {
			g.Close()
			return nil, err
		}
		g.loops = append(g.loops, l)
	}
	return g, nil
}

// Len is the number of loops.
func (g *Group) Len() int { return len(g.loops) }

// Wake makes the loop of a shard look at its deadlines. Safe for concurrent use, under any lock.
func (g *Group) Wake(shard int) { g.loops[shard%len(g.loops)].wake() }

// Listen takes the connections of a listener from now on, until Unlisten.
func (g *Group) Listen(ln net.Listener) error { return g.network.listen(ln) }

// Unlisten closes a listener. No further connection is taken once it has returned.
func (g *Group) Unlisten(ln net.Listener) { g.network.unlisten(ln) }

// Run serves until Stop, and returns when everything has ended that the group began.
func (g *Group) Run() {
	var all sync.WaitGroup
	for _, l := range g.loops {
		all.Go(l.run)
	}
	all.Wait()
	g.network.close()
}

// Stop begins the end: requests are run no more, and replies are sent until the monotonic instant in ns. Safe for
// concurrent use; it may be called ahead of Run.
func (g *Group) Stop(by int64) {
	for _, l := range g.loops {
		l.do(func() {
			if l.index == 0 {
				g.o.Stopping()
			}
			l.stopping, l.stopBy = true, by
		})
	}
}

// Close gives back what a group has that does not run.
func (g *Group) Close() {
	for _, l := range g.loops {
		l.close()
	}
	g.network.close()
}

// admit checks a new connection and hands it to a loop. Safe for concurrent use.
func (g *Group) admit(a *arrival) {
	n := g.o.Node
	if refusal := g.o.Refuse(a.local); refusal != "" {
		n.Traffic.Rejected.Add(1)
		a.refuse(refusal)
		return
	}
	l := g.loops[g.next.Add(1)%uint64(len(g.loops))]
	c := &conn{fd: a.fd, peer: a.peer, loop: l}
	s := n.NewSession(c)
	s.FD, s.Addr, s.LocalAddr, s.Unix, s.Local = a.fd, a.addr, a.localAddr, a.unix, a.local
	s.SetFlag(session.FlagUnix, a.unix)
	c.sess = s
	n.Attach(s)
	n.Traffic.Connections.Add(1)
	n.Account(s, connOverhead)
	if !l.do(func() { l.add(c) }) { // the server stops
		g.letGo(s)
		a.close()
	}
}

// letGo ends what a session has in the server.
func (g *Group) letGo(s *session.Session) {
	g.o.Node.Forget(s)
	g.o.Node.Account(s, 0)
	s.Drop()
}
