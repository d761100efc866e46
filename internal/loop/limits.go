package loop

import "github.com/curfewkv/curfew/internal/node"

// freeOut is how many bytes of replies are not held against the limits before they are sent, as in Redis.
const freeOut = 16 << 10

// anonymousOut is how many unsent bytes a client may have before it has given the password.
const anonymousOut = 1 << 10

// overHard closes a client with n bytes to be sent when they are over the hard limit of its class, and reports that.
func (l *Loop) overHard(c *conn, n int) bool {
	limit := l.node.HardLimit(c.sess)
	if limit == 0 || int64(n) <= limit {
		return false
	}
	l.tooSlow(c, int64(n))
	return true
}

// tooSlow closes a client that does not read its replies.
func (l *Loop) tooSlow(c *conn, n int64) {
	l.node.Traffic.OutputLimit.Add(1)
	l.group.o.Log.Warn("Client closed for overcoming of output buffer limits", "client", c.sess.Addr, "id", c.sess.ID, "bytes", n)
	l.drop(c)
}

// checkOutput closes a client whose unsent output is over the limit of its class: at once over the hard one, over the
// soft one when it has been so for the configured time.
func (l *Loop) checkOutput(c *conn) {
	if c.closed {
		return
	}
	limit := l.node.Keys.OutputLimit.Get(node.ClassOf(c.sess))
	n := int64(c.unsent())
	over := limit.Hard > 0 && n > limit.Hard || n > anonymousOut && !c.sess.Authenticated && l.node.Keys.Password.Get() != ""
	if limit.Soft > 0 && n > limit.Soft {
		if c.softSince == 0 {
			c.softSince = l.now.Mono
		}
		over = over || l.now.Mono-c.softSince >= int64(limit.SoftTime)
	} else {
		c.softSince = 0
	}
	if over {
		l.tooSlow(c, n)
	}
}

// account reports the connection's buffers to the memory in use; where they grew, others give way. The session of a connection
// that was closed meanwhile may be another goroutine's.
func (l *Loop) account(c *conn) {
	if c.closed {
		return
	}
	n := c.bytes()
	old := c.sess.Public.Memory.Load()
	if n == old || c.sess.Killed() {
		return
	}
	l.node.Account(c.sess, n)
	if n < old {
		return
	}
	l.node.BoundClients()
	if l.node.Keyspace.Over(0) > 0 {
		l.worker.Txn().MakeRoom(l.now, 0, l.node.Clock)
	}
}
