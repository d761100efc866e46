package loop

import (
	"io"
	"time"
)

// attend looks at a connection that someone woke: kill, messages, the end of a wait.
func (l *Loop) attend(c *conn) {
	if c.sess.Killed() {
		l.drop(c)
		return
	}
	if c.sess.HasMail() {
		c.sess.Out.Buf = l.obuf[:0]
		c.sess.Collect()
		l.takeOut(c)
	}
	if !c.closed && !c.again && (len(c.in.buf) > 0 || c.sess.Park != nil) {
		l.serve(c, c.in.buf)
	}
	if !c.closed && c.sess.CloseAfter && c.unsent() == 0 {
		l.drop(c)
	}
}

// ended is called when the peer has closed its side or the connection broke. A peer that has asked and then closed its
// side still gets the replies that it has not taken yet, and those to what has begun.
func (l *Loop) ended(c *conn, err error) {
	if c.late {
		l.sendLater(nil)
	}
	if c.closed {
		return
	}
	if err == io.EOF && c.sess.Busy() {
		c.eof = true
		l.t.interest(c)
		return
	}
	if err != io.EOF || c.unsent() == 0 {
		l.drop(c)
		return
	}
	c.eof = true
	c.in.free()
	l.lastReplies(c)
	l.t.interest(c)
}

// lastReplies has the connection closed once its replies are sent. A request that waits for what others do is not run for a
// client that has gone.
func (l *Loop) lastReplies(c *conn) {
	c.sess.Leave()
	c.sess.CloseAfter = true
}

// add takes over a connection. One that was killed before the loop came to it is closed already.
func (l *Loop) add(c *conn) {
	if c.closed {
		return
	}
	l.conns[c] = struct{}{}
	if err := l.t.add(c); err != nil {
		l.drop(c)
	}
}

// drop closes a connection and forgets it everywhere.
func (l *Loop) drop(c *conn) {
	if c.late { // it was served before its end came
		l.sendLater(nil)
	}
	if c.closed {
		return
	}
	c.closed = true
	delete(l.conns, c)
	delete(l.unread, c)
	if c.sess.Overflowed() {
		l.node.Traffic.OutputLimit.Add(1)
	}
	c.in.free()
	if c.out != nil {
		c.out.free()
		c.out = nil
	}
	c.sess.Close(func() { l.group.letGo(c.sess) })
	l.t.close(c) // last: a peer that sees that finds nothing left of the client, but of one whose request still runs elsewhere
}

// lingerNs is how long a stopping server reads and ignores what a client goes on to send, in ns. A socket that is closed
// with something unread resets the connection, and replies that are still on their way are lost. Only a client that sends
// on is waited for; it may not get to run for a while.
const lingerNs = int64(time.Second)

// drained reports whether a stopping loop has sent all replies, or has no more time to. Requests that come now are not run.
func (l *Loop) drained() bool {
	waiting := false
	for c := range l.conns {
		if !c.eof {
			c.eof = true
			l.t.interest(c)
		}
		if c.unsent() > 0 || c.sess.Busy() || l.lingers(c) {
			waiting = true
		} else {
			l.drop(c)
		}
	}
	return !waiting || l.now.Mono >= l.stopBy
}

// lingerReads bounds how much of what a client goes on to send is thrown away before other clients are looked at.
const lingerReads = 64

// lingers throws away what a client has sent whose replies are out, and reports whether it may send more.
func (l *Loop) lingers(c *conn) bool {
	if quiet := l.group.network.quietNs(); quiet > 0 && c.lingerBy == 0 {
		c.lingerBy = l.now.Mono + quiet
		l.t.shut(c)
	}
	for range lingerReads {
		_, err := l.t.recv(c, l.rbuf)
		switch {
		case err == errAgain:
			return c.lingerBy > l.now.Mono
		case err != nil:
			return false
		case !c.sendsOn:
			c.sendsOn = true
			c.lingerBy = l.now.Mono + lingerNs
			l.t.shut(c) // tells the client that this was all
		}
	}
	return c.lingerBy > l.now.Mono
}
