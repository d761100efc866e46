package node

import (
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/session"
)

// leaveAtOnce is how many subscriptions, watched keys and prefixes of a session are forgotten in one go, which takes less
// than a millisecond.
const leaveAtOnce = 500

// departures are sessions that went away and had so much that it is forgotten in steps, while other clients are served.
type departures struct {
	waiting atomic.Int32 // length of list
	mu      sync.Mutex
	list    []*session.Session // guarded by mu
}

func (d *departures) add(s *session.Session) {
	d.mu.Lock()
	d.list = append(d.list, s)
	d.waiting.Store(int32(len(d.list)))
	d.mu.Unlock()
}

// Forget removes a session that went away, or is about to, from everything that knows it: nothing is sent to it any more.
// Called by the session's owner, who leaves it to the node with that; it may be called again.
func (n *Node) Forget(s *session.Session) {
	n.Sessions.Remove(s)
	if !s.Depart() {
		return
	}
	s.Leave()
	n.Monitor.Remove(s)
	if n.forgetSome(s) {
		n.departures.add(s)
	}
}

// forgetSome forgets a bounded part of what services keep for a session, and reports whether there is more.
func (n *Node) forgetSome(s *session.Session) (more bool) {
	return n.PubSub.DropSome(s, leaveAtOnce) || n.Tracking.OffSome(s, leaveAtOnce) || n.Watch.UnwatchSome(s, leaveAtOnce)
}

// ForgetMore goes on with what Forget has left, for one step, and reports whether there is more to do. It costs one load
// when there is nothing. Each worker calls it between requests, without locks.
func (n *Node) ForgetMore() (more bool) {
	d := &n.departures
	if d.waiting.Load() == 0 || !d.mu.TryLock() { // another worker is at it
		return false
	}
	defer d.mu.Unlock()
	last := len(d.list) - 1
	if last >= 0 && !n.forgetSome(d.list[last]) {
		d.list[last] = nil
		d.list = d.list[:last]
		d.waiting.Store(int32(last))
	}
	return len(d.list) > 0
}
