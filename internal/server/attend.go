package server

import (
	"time"

	"golang.org/x/sys/unix"
)

// attend looks at a connection that someone woke: kill, messages, the end of a wait.
func (l *loop) attend(c *conn) {
	if c.sess.Killed() {
		l.drop(c)
		return
	}
	if c.sess.HasMail() {
		l.lendOut(c)
		c.sess.Collect()
		l.takeOut(c)
	}
	if !c.closed && (len(c.in) > 0 || c.sess.Park != nil) {
		l.serve(c, c.in)
	}
	if !c.closed && c.sess.CloseAfter && c.unsent() == 0 {
		l.drop(c)
	}
}

// inspect is the periodic look at a connection: idle time and the soft output limit. Who waits, or only listens, is not idle.
func (l *loop) inspect(c *conn) {
	if c.unsent() > 0 {
		l.checkOutput(c)
	}
	timeout := l.srv.settings.timeout.Get()
	if s := c.sess; c.closed || timeout == 0 || s.Park != nil || s.Monitoring || s.Subs.Any() {
		return
	}
	if l.now.Mono-c.sess.Public.LastActive.Load() > timeout*1e9 {
		l.srv.log.Debug("Closing idle client", "client", c.sess.Addr)
		l.drop(c)
	}
}

// drop closes a connection and forgets it everywhere.
func (l *loop) drop(c *conn) {
	if c.closed {
		return
	}
	c.closed = true
	delete(l.conns, c.fd)
	c.in, c.out = nil, nil
	l.srv.letGo(c)
}

// letGo ends what a connection has in the server. The socket is closed last: whoever sees that finds nothing left of it.
func (s *Server) letGo(c *conn) {
	s.node.Forget(c.sess)
	s.node.Account(c.sess, 0)
	c.sess.Drop()
	unix.Close(c.fd)
}

// lingerNs is how long a stopping server reads and ignores what a client goes on to send, in ns. A socket that is closed
// with something unread resets the connection, and replies that are still on their way are lost. Only a client that sends
// on is waited for; it may not get to run for a while.
const lingerNs = int64(time.Second)

// drained reports whether a stopping loop has sent all replies, or has no more time to. Requests that come now are not run.
func (l *loop) drained() bool {
	waiting := false
	for _, c := range l.conns {
		if !c.eof {
			c.eof = true
			l.interest(c)
		}
		if c.unsent() > 0 || l.lingers(c) {
			waiting = true
		} else {
			l.drop(c)
		}
	}
	return !waiting || l.now.Mono >= l.stopBy
}

// lingers throws away what a client has sent whose replies are out, and reports whether it may send more.
func (l *loop) lingers(c *conn) bool {
	for range acceptBatch {
		n, err := rawRead(c.fd, l.rbuf)
		switch {
		case err == unix.EAGAIN:
			return c.lingerBy > l.now.Mono
		case n <= 0:
			return false
		case c.lingerBy == 0:
			c.lingerBy = l.now.Mono + lingerNs
			unix.Shutdown(c.fd, unix.SHUT_WR) // tells the client that this was all
		}
	}
	return c.lingerBy > l.now.Mono
}
