package loop

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/dispatch"
	"github.com/curfewkv/curfew/internal/node"
	"github.com/curfewkv/curfew/internal/session"
)

const (
	readSize = 64 << 10
	// keepOut is how much of the reply buffer a loop keeps between batches.
	keepOut = 1 << 20
	// sliceBudget bounds the time that a loop holds a shard's lock to expire keys, and so what a bystander waits.
	sliceBudget = 250 * time.Microsecond
	// tick is how often periodic work is done, and idleTick how often when nothing has happened for idleTicks ticks.
	tick      = 100 * time.Millisecond
	idleTick  = time.Second
	idleTicks = 20
	// stopTick is the longest sleep of a stopping loop.
	stopTick = 5 * time.Millisecond
)

// Loop is one event loop.
type Loop struct {
	// immutable
	group  *Group
	node   *node.Node
	index  int
	t      transport
	worker *dispatch.Worker
	shards []int

	// owned by the loop's goroutine
	conns    map[*conn]struct{}
	unread   map[*conn]struct{} // have output that waits
	again    []*conn            // have requests left to run, which they had to interrupt for others
	resting  bool               // listeners are left alone until the next tick, for want of descriptors
	toldFull int64              // monotonic ns when that was logged last
	rbuf     []byte
	obuf     []byte
	pieces   [][]byte
	held     []byte  // of later
	later    []later // replies of this turn that are still to be sent
	serving  *conn   // the connection whose requests run
	// gathering: several connections are ready, so their replies are gathered
	gathering bool
	now       clock.Instant
	did       node.Turns // since the last tick
	began     int64      // monotonic ns of the turn that is under way, 0 while the loop sleeps
	ran       int64      // commands that the worker had run by then
	nextTick  int64      // monotonic ns
	nextIdle  int64      // monotonic ns of the next look for idle clients
	quiet     int        // ticks in a row in which nothing has happened
	active    bool       // something has happened since the last tick
	traffic   int64      // bytes that the whole server had received by the last tick
	due       int        // the position in shards to expire from next
	// the position in shards to defragment next, the slices left in this tick, and how many shards in a row had no need
	defragAt, defragLeft, defragIdle int
	defragging                       bool // entries of some shard are being moved
	overLimit                        bool // memory is over its limit and something may be evicted
	stopping                         bool
	stopBy                           int64 // monotonic ns by which replies must be out

	sleeping atomic.Bool
	inbox    struct {
		sync.Mutex
		conns  []*conn
		funcs  []func()
		closed bool // the loop has ended and takes no more
	}
	spare []*conn // the inbox's other list, so that draining it does not allocate
}

func newLoop(g *Group, index int, shards []int) *Loop {
	l := &Loop{
		group: g, node: g.o.Node, index: index, worker: g.o.Node.Dispatch.Worker(index), shards: shards,
		conns: map[*conn]struct{}{}, unread: map[*conn]struct{}{}, rbuf: make([]byte, readSize),
	}
	l.worker.BeforeLong(func() { l.sendLater(l.serving) })
	return l
}

// run serves until the group stops.
func (l *Loop) run() {
	defer l.close()
	more := false
	for !l.stopping || !l.drained() {
		var err error
		if more, err = l.turn(more); err != nil {
			l.group.o.Fail(fmt.Errorf("loop %d: %w", l.index, err))
			return
		}
	}
}

// turn serves the connections that are ready, and does a slice of the loop's own work; true: there is more of that.
func (l *Loop) turn(more bool) (bool, error) {
	ready, err := l.wait(more)
	if err != nil {
		return false, err
	}
	l.now = l.node.Clock.Now()
	l.endTurn(l.now.Mono)
	l.began = l.now.Mono
	l.node.ObserveClock(l.now)
	l.gathering = len(ready)+len(l.again) > 1
	l.runAgain() // first: a connection that is interrupted in this turn goes on in the next
	for i := range ready {
		l.event(&ready[i])
	}
	l.gathering = false
	l.sendLater(nil)
	l.active = l.active || len(ready) > 0
	l.drainInbox()
	l.node.Tracking.Flush()
	return l.chores(), nil
}

// wait takes ready connections from the transport; with more work at hand it only looks.
func (l *Loop) wait(more bool) ([]event, error) {
	if more {
		return l.t.wait(0)
	}
	l.sleeping.Store(true)
	defer l.sleeping.Store(false)
	now := l.node.Clock.Now()
	l.endTurn(now.Mono)
	ms := l.sleepMs(now)
	if l.hasInbox() {
		ms = 0
	}
	return l.t.wait(ms)
}

// endTurn measures the turn that ends at an instant in monotonic ns, if one is under way.
func (l *Loop) endTurn(at int64) {
	if l.began == 0 {
		return
	}
	busy, ran := at-l.began, l.worker.Ran()
	l.did.Turns++
	l.did.BusyNs += busy
	l.did.MaxBusyNs = max(l.did.MaxBusyNs, busy)
	l.did.MaxCommands = max(l.did.MaxCommands, ran-l.ran)
	l.began, l.ran = 0, ran
}

// sleepMs is how long the loop may sleep: to the next deadline of its shards, the end of a request's wait, or the tick.
func (l *Loop) sleepMs(now clock.Instant) int {
	until := l.nextTick
	if set := &l.node.Keyspace.Settings; set.ActiveExpiry.Load() && !set.HoldExpiry.Load() {
		for _, s := range l.shards {
			if ms, ok := l.node.Keyspace.NextDueMs(s, now); ok {
				until = min(until, (now.Mono/1e6+ms)*1e6)
			}
		}
	}
	if at := l.worker.NextTimeout(); at > 0 {
		until = min(until, at)
	}
	if l.stopping {
		until = min(until, now.Mono+int64(stopTick))
	}
	return int(max(0, (until-now.Mono+999_999)/1_000_000))
}

func (l *Loop) event(ev *event) {
	c := ev.c
	if c.closed {
		return
	}
	if ev.writable {
		l.flush(c)
	}
	if ev.readable && !c.closed {
		l.readable(c)
	}
}

// runAgain goes on with connections that were interrupted for others.
func (l *Loop) runAgain() {
	if len(l.again) == 0 {
		return
	}
	for _, c := range l.again {
		c.again = false
	}
	turn := l.again
	l.again = nil
	for _, c := range turn {
		if !c.closed {
			l.serve(c, c.in.buf)
		}
	}
}

// timedOut goes on with a session whose wait has run out.
func timedOut(s *session.Session) {
	c := s.Transport().(*conn)
	c.loop.attend(c)
}

// close gives back what the loop has. Connections that were just handed to it are closed with the others.
func (l *Loop) close() {
	l.inbox.Lock()
	funcs := l.inbox.funcs
	l.inbox.funcs, l.inbox.closed = nil, true
	l.inbox.Unlock()
	for _, fn := range funcs {
		fn()
	}
	for c := range l.conns {
		l.drop(c)
	}
	l.t.end()
}

// fullEvery is the least time between two lines of the log which say that there are no descriptors.
const fullEvery = int64(time.Second)

// noDescriptors is called by loop 0 when connections have to wait for descriptors, until the next tick at least.
func (l *Loop) noDescriptors(err error) {
	l.resting = true
	if l.now.Mono-l.toldFull >= fullEvery {
		l.toldFull = l.now.Mono
		l.group.o.Log.Warn("Error accepting a client connection: " + err.Error())
	}
}
