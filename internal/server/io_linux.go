package server

import (
	"golang.org/x/sys/unix"

	"github.com/curfewkv/curfew/internal/node"
	"github.com/curfewkv/curfew/resp"
)

// keepIn is how large the buffer of a connection may stay when little of it is used.
const keepIn = 64 << 10

// growIn is the least room that is made for a request which does not fit the loop's buffer.
const growIn = 16 << 10

// rawRead and rawWrite skip the scheduler's bookkeeping: the sockets are non-blocking, so the calls return at once.
func rawRead(fd int, b []byte) (int, error)  { return raw(unix.SYS_READ, fd, b) }
func rawWrite(fd int, b []byte) (int, error) { return raw(unix.SYS_WRITE, fd, b) }

// add takes over a connected, non-blocking socket. One that was killed before the loop came to it is closed already.
func (l *loop) add(c *conn) {
	if c.closed {
		return
	}
	l.conns[c.fd] = c
	if err := l.watch(c.fd, unix.EPOLLIN|unix.EPOLLRDHUP); err != nil {
		l.drop(c)
	}
}

// readable reads once and serves what is complete.
func (l *loop) readable(c *conn) {
	// Killed on another loop: whoever was told of that must not see this client act again. Or the peer sends nothing more,
	// so that this is the news that it takes nothing more either.
	if c.sess.Killed() || c.eof {
		l.drop(c)
		return
	}
	buf := l.rbuf
	own := len(c.in) > 0
	if own {
		c.reserve()
		if l.account(c); c.sess.Killed() { // for its size: before it is read, for then the request may be gone as it came
			l.drop(c)
			return
		}
		buf = c.in[len(c.in):cap(c.in)]
	}
	n, err := rawRead(c.fd, buf)
	if n <= 0 {
		if err == unix.EAGAIN || err == unix.EINTR {
			return
		}
		l.ended(c, err)
		return
	}
	l.srv.node.Traffic.NetIn.AddAt(l.index, int64(n))
	data := buf[:n]
	if own {
		c.in = c.in[:len(c.in)+n]
		data = c.in
	}
	l.serve(c, data)
}

// ended is called when the peer has closed its side or the connection broke. A peer that has asked and then closed its
// side still gets the replies that it has not taken yet.
func (l *loop) ended(c *conn, err error) {
	if err != nil || c.unsent() == 0 {
		l.drop(c)
		return
	}
	c.eof, c.in = true, nil
	c.sess.CloseAfter = true
	l.interest(c)
}

// reserve makes room at the end of c.in: what the request is known to need, else as much again as there is.
func (c *conn) reserve() {
	if need := c.sess.Parser.Need(); need > cap(c.in) {
		// The announced length is taken only as fast as the bytes arrive, so that announcing costs nothing.
		c.growTo(min(need, 2*cap(c.in)+growIn))
	} else if cap(c.in)-len(c.in) < growIn/4 {
		c.growTo(2*cap(c.in) + growIn)
	}
}

func (c *conn) growTo(n int) {
	in := make([]byte, len(c.in), n)
	copy(in, c.in)
	c.in = in
}

// serve processes data, which is c.in or the loop's buffer, keeps the rest and sends the replies.
func (l *loop) serve(c *conn, data []byte) {
	s := c.sess
	for {
		l.lendOut(c)
		if s.HasMail() { // it was sent before these requests were made
			s.Collect()
		}
		n, more := l.worker.Process(s, data)
		data = data[n:]
		if l.srv.keyspace.Lowered() {
			l.overLimit = l.lowerMemory()
		}
		l.srv.node.Tracking.Flush() // whoever sees the reply of a write finds that it was told of
		l.takeOut(c)
		if !more || c.closed || s.Killed() {
			break
		}
	}
	if c.closed {
		return
	}
	l.keepRest(c, data)
	if s.CloseAfter && c.unsent() == 0 || s.Killed() {
		l.drop(c)
		return
	}
	if n := c.unprocessed(); n > l.srv.node.QueryLimit(s) {
		l.srv.log.Warn("Closing client that reached max query buffer length", "client", s.Addr, "bytes", n)
		l.drop(c)
		return
	}
	if l.account(c); s.Killed() {
		l.drop(c)
	}
}

// keepRest keeps unconsumed bytes with the connection. A connection at rest keeps none.
func (l *loop) keepRest(c *conn, rest []byte) {
	switch {
	case len(rest) == 0:
		c.in = nil
	case len(c.in) == 0:
		c.in = append(make([]byte, 0, max(growIn, len(rest)+growIn/4)), rest...)
	case cap(c.in) > keepIn && max(len(rest), c.sess.Parser.Need()) < cap(c.in)/4:
		c.in = append(make([]byte, 0, len(rest)+growIn), rest...) // what a large request left behind
	default:
		c.in = c.in[:copy(c.in[:cap(c.in)], rest)]
	}
	c.sess.Public.QueryLen.Store(int64(len(c.in)))
	c.sess.Public.QueryFree.Store(int64(cap(c.in) - len(c.in)))
}

// lendOut gives the session a reply buffer: the loop's, or the connection's own when replies wait in it already.
func (l *loop) lendOut(c *conn) {
	if c.out != nil {
		c.sess.Out.Buf = c.out
	} else {
		c.sess.Out.Buf = l.obuf[:0]
	}
}

// takeOut sends the replies and keeps what the socket does not take. Replies that are over the limit together are not
// begun to be sent: a client gets all of them or, with its connection closed, none.
func (l *loop) takeOut(c *conn) {
	buf, refs := c.sess.Out.Take()
	if len(refs) > 0 {
		buf = copyShared(buf, refs)
	}
	if n := len(buf) - c.sent; n > freeOut && l.overHard(c, n) {
		return
	}
	if c.sess.CloseAfter && !c.leaving {
		c.leaving = true
		l.srv.node.Forget(c.sess) // whoever reads the last reply finds nothing left of the client
	}
	if c.out != nil {
		c.out = buf
		l.flush(c)
		return
	}
	if cap(buf) <= keepOut {
		l.obuf = buf[:0]
	}
	n := l.send(c, buf)
	if c.closed || n == len(buf) {
		return
	}
	c.out = append([]byte(nil), buf[n:]...)
	c.sent = 0
	l.afterSend(c)
}

// send writes once; a broken connection is dropped.
func (l *loop) send(c *conn, b []byte) int {
	if len(b) == 0 {
		return 0
	}
	n, err := rawWrite(c.fd, b)
	if err != nil {
		if err != unix.EAGAIN && err != unix.EINTR {
			l.drop(c)
		}
		return 0
	}
	l.srv.node.Traffic.NetOut.AddAt(l.index, int64(n))
	return n
}

// flush sends what waits.
func (l *loop) flush(c *conn) {
	if c.unsent() > 0 {
		n := l.send(c, c.out[c.sent:])
		if c.sent += n; n > 0 {
			c.sess.Public.LastActive.Store(l.now.Mono) // who takes its replies slowly is not idle
		}
	}
	if !c.closed {
		l.afterSend(c)
	}
}

// afterSend settles what remains after a write: asks for EPOLLOUT, closes, compacts and holds the client to its limit.
func (l *loop) afterSend(c *conn) {
	if c.unsent() == 0 {
		c.out, c.sent = nil, 0
		c.sess.Public.OutBytes.Store(0)
		c.softSince = 0
		l.wantWrite(c, false)
		if c.sess.CloseAfter {
			l.drop(c)
			return
		}
		l.account(c)
		return
	}
	if c.sent > len(c.out)/2 {
		c.out = c.out[:copy(c.out, c.out[c.sent:])]
		c.sent = 0
	}
	c.sess.Public.OutBytes.Store(int64(c.unsent()))
	if c.leaving {
		l.srv.node.Attach(c.sess) // it may take its time to read: let it be listed, counted and killed
	}
	l.wantWrite(c, true)
	l.checkOutput(c)
	l.account(c)
}

func (l *loop) wantWrite(c *conn, on bool) {
	if c.closed || c.wantWrite == on {
		return
	}
	c.wantWrite = on
	l.interest(c)
}

// interest tells the kernel which events of a connection are wanted; that it broke is always told.
func (l *loop) interest(c *conn) {
	ev := unix.EpollEvent{Fd: int32(c.fd)}
	if !c.eof {
		ev.Events |= unix.EPOLLIN | unix.EPOLLRDHUP
	}
	if c.wantWrite {
		ev.Events |= unix.EPOLLOUT
	}
	unix.EpollCtl(l.ep, unix.EPOLL_CTL_MOD, c.fd, &ev)
}

// freeOut is how many bytes of replies are not held against the limits before they are sent, as in Redis.
const freeOut = 16 << 10

// strangerOut is how many unsent bytes a client may have before it has given the password.
const strangerOut = 1 << 10

// overHard closes a client with n bytes to be sent when they are over the hard limit of its class, and reports that.
func (l *loop) overHard(c *conn, n int) bool {
	limit := l.srv.node.HardLimit(c.sess)
	if limit == 0 || int64(n) <= limit {
		return false
	}
	l.tooSlow(c, int64(n))
	return true
}

// tooSlow closes a client that does not read its replies.
func (l *loop) tooSlow(c *conn, n int64) {
	l.srv.log.Warn("Client closed for overcoming of output buffer limits", "client", c.sess.Addr, "id", c.sess.ID, "bytes", n)
	l.drop(c)
}

// checkOutput closes a client whose unsent output is over the limit of its class: at once over the hard one, over the
// soft one when it has been so for the configured time.
func (l *loop) checkOutput(c *conn) {
	if c.closed {
		return
	}
	limit := l.srv.settings.OutputLimit.Get(node.ClassOf(c.sess))
	n := int64(c.unsent())
	over := limit.Hard > 0 && n > limit.Hard || n > strangerOut && !c.sess.Authenticated && l.srv.settings.Password.Get() != ""
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

// account reports the connection's buffers to the memory in use; where they grew, others give way.
func (l *loop) account(c *conn) {
	n := connOverhead + int64(cap(c.in)+cap(c.out)+c.sess.Parser.Kept()) + c.sess.PendingBytes() + c.sess.Public.Kept.Load()
	old := c.sess.Public.Memory.Load()
	if n == old || c.sess.Killed() {
		return
	}
	l.srv.node.Account(c.sess, n)
	if n < old {
		return
	}
	l.srv.node.BoundClients()
	if l.srv.keyspace.Over(0) > 0 {
		l.worker.Txn().MakeRoom(l.now, 0, l.srv.clock)
	}
}

// copyShared copies what the replies refer to into them, and releases it.
func copyShared(buf []byte, refs []resp.Ref) []byte {
	var out []byte
	at := 0
	for _, r := range refs {
		out = append(out, buf[at:r.At]...)
		out = append(out, r.Shared.Bytes()...)
		r.Shared.Release()
		at = r.At
	}
	return append(out, buf[at:]...)
}
