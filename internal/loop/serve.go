package loop

import "github.com/curfewkv/curfew/resp"

// turnOut is how many bytes of replies a client may have made in one turn; then others are served before it goes on. A
// pipeline of short requests for large values would else hold them up for seconds.
const turnOut = 1 << 20

// readable reads once and serves what is complete.
func (l *Loop) readable(c *conn) {
	// Killed on another loop: the client that was told of that must not see this client act again. Or the peer sends nothing more,
	// so that this is the news that it takes nothing more either.
	if c.sess.Killed() || c.eof {
		l.drop(c)
		return
	}
	if c.again {
		return // it has been sent more than it gets to run; the transport will tell again
	}
	if data := l.receive(c); len(data) > 0 {
		l.serve(c, data)
	}
}

// receive reads once, into the loop's buffer or behind the part of a request that waits, and returns all that waits now;
// nothing when nothing came or the connection is gone.
func (l *Loop) receive(c *conn) []byte {
	buf := l.rbuf
	own := len(c.in.buf) > 0
	if own {
		buf = c.in.room(c.sess.Parser.Need())
	}
	n, err := l.t.recv(c, buf)
	if err != nil {
		if err != errAgain {
			l.ended(c, err)
		}
		return nil
	}
	l.did.Reads++
	l.node.Traffic.NetIn.AddAt(l.index, int64(n))
	if !own {
		return buf[:n]
	}
	c.in.buf = c.in.buf[:len(c.in.buf)+n]
	if l.account(c); c.sess.Killed() { // for its size: before it is run, for then it may be gone as it came
		l.drop(c)
		return nil
	}
	if l.overQuery(c) {
		return nil
	}
	return c.in.buf
}

// overQuery closes a client that has more bytes of requests unprocessed than it may have, and reports that.
func (l *Loop) overQuery(c *conn) bool {
	n := c.unprocessed()
	if n == 0 || n <= l.node.QueryLimit(c.sess) {
		return false
	}
	l.node.Traffic.QueryLimit.Add(1)
	l.group.o.Log.Warn("Closing client that reached max query buffer length", "client", c.sess.Addr, "bytes", n)
	l.drop(c)
	return true
}

// serve processes data, which is c.in or the loop's buffer, sends the replies and keeps the rest.
func (l *Loop) serve(c *conn, data []byte) {
	s := c.sess
	l.serving = c
	for made := 0; ; {
		s.Out.Buf = l.obuf[:0]
		if s.HasMail() { // it was sent before these requests were made
			s.Collect()
		}
		n, more := l.worker.Process(s, data)
		data = data[n:]
		if l.node.Keyspace.Lowered() {
			l.overLimit = l.lowerMemory()
		}
		l.node.Tracking.Flush() // a client that sees the reply of a write finds that others were told of it
		made += l.takeOut(c)
		if !more || c.closed || s.Killed() {
			break
		}
		if made >= turnOut {
			c.again = true
			l.again = append(l.again, c)
			break
		}
	}
	if !c.closed {
		l.settle(c, data)
	}
}

// settle keeps what was not processed, and closes the connection if it has come to its end or takes more than it may.
func (l *Loop) settle(c *conn, rest []byte) {
	s := c.sess
	if len(rest) > 0 || len(c.in.buf) > 0 {
		c.in.keep(rest, s.Parser.Need())
		s.Public.QueryLen.Store(int64(len(c.in.buf)))
		s.Public.QueryFree.Store(int64(c.in.bytes() - len(c.in.buf)))
	}
	if c.eof && !l.stopping && !s.Busy() && !c.again {
		l.lastReplies(c) // all that it had asked is answered
	}
	if s.CloseAfter && c.unsent() == 0 || s.Killed() {
		l.drop(c)
		return
	}
	if l.overQuery(c) {
		return
	}
	if l.account(c); s.Killed() {
		l.drop(c)
	}
}

// takeOut sends the replies and keeps what the client does not take; it returns how many bytes were made. Replies that are
// over the limit together are not begun to be sent: a client gets all of them or, with its connection closed, none.
func (l *Loop) takeOut(c *conn) int {
	made := c.sess.Out.Len()
	buf, refs := c.sess.Out.Take()
	if n := made + c.unsent(); n > freeOut && l.overHard(c, n) {
		release(refs)
		return made
	}
	if c.sess.CloseAfter && !c.leaving {
		c.leaving = true
		l.node.Forget(c.sess) // a client that reads the last reply finds nothing left of it
	}
	plain := c.out == nil && len(refs) == 0
	if plain && l.gathering && len(buf) > 0 && len(buf) <= laterBytes && !c.sess.CloseAfter {
		l.gather(c, buf)
		return made
	}
	if c.late { // what was made before goes first
		l.sendLater(nil)
		if c.closed {
			release(refs)
			return made
		}
		plain = plain && c.out == nil
	}
	if plain {
		l.sendNow(c, buf)
		return made
	}
	if c.out == nil {
		c.out = new(output)
	}
	l.keep(c, buf, 0, refs)
	l.flush(c)
	return made
}

// sendNow sends replies for which none waits, from the loop's buffer.
func (l *Loop) sendNow(c *conn, buf []byte) {
	n := 0
	if len(buf) > 0 {
		l.pieces = append(l.pieces[:0], buf)
		n = l.send(c, l.pieces)
	}
	if c.closed || n == len(buf) {
		l.giveBack(buf)
		if !c.closed {
			l.afterSend(c)
		}
		return
	}
	c.out = new(output)
	l.keep(c, buf, n, nil)
	l.afterSend(c)
}

// keep adds replies, but for the first n bytes, to what waits. The loop's buffer goes along where it is mostly full, and is
// copied where it is not.
func (l *Loop) keep(c *conn, buf []byte, n int, refs []resp.Ref) {
	rest := buf[n:]
	switch {
	case len(rest) >= minBlock && len(rest) >= cap(buf)/2:
		l.obuf = nil
		c.out.adopt(rest, cap(buf), refs)
		return
	case len(refs) > 0:
		rest = append([]byte(nil), rest...)
		c.out.adopt(rest, cap(rest), refs)
	default:
		c.out.add(rest)
	}
	l.giveBack(buf)
}

// giveBack keeps a reply buffer for the next batch. A part of one is not worth it: it would shrink from turn to turn.
func (l *Loop) giveBack(buf []byte) {
	if cap(buf) > cap(l.obuf) && cap(buf) <= keepOut {
		l.obuf = buf[:0]
	}
}

func release(refs []resp.Ref) {
	for _, r := range refs {
		r.Shared.Release()
	}
}

// send gives pieces to the transport; a broken connection is dropped.
func (l *Loop) send(c *conn, pieces [][]byte) int {
	n, err := l.t.send(c, pieces)
	clear(pieces)
	if err != nil {
		if err != errAgain {
			l.drop(c)
		}
		return 0
	}
	l.did.Writes++
	l.node.Traffic.NetOut.AddAt(l.index, int64(n))
	return n
}

// flushTurns bounds how often a client that takes all it is given is given more before others are served.
const flushTurns = 4

// flush sends what waits.
func (l *Loop) flush(c *conn) {
	for turn := 0; c.unsent() > 0 && turn < flushTurns; turn++ {
		l.pieces = c.out.pieces(l.pieces[:0])
		offered := 0
		for _, p := range l.pieces {
			offered += len(p)
		}
		n := l.send(c, l.pieces)
		if c.closed {
			return
		}
		c.out.drop(n)
		if n > 0 {
			c.sess.Public.LastActive.Store(l.now.Mono) // a client that takes its replies slowly is not idle
		}
		if n < offered {
			break
		}
	}
	l.afterSend(c)
}

// afterSend settles what remains after a write: asks to be told when more can be sent, closes, and holds the client to its
// limit.
func (l *Loop) afterSend(c *conn) {
	if c.unsent() == 0 {
		if c.out != nil {
			c.out.free()
			c.out = nil
			delete(l.unread, c)
			c.sess.Public.OutBytes.Store(0)
			c.softSince = 0
			l.wantWrite(c, false)
			l.account(c)
		}
		if c.sess.CloseAfter {
			l.drop(c)
		}
		return
	}
	c.sess.Public.OutBytes.Store(int64(c.unsent()))
	if c.leaving {
		l.node.Attach(c.sess) // it may take its time to read: let it be listed, counted and killed
	}
	l.unread[c] = struct{}{}
	l.wantWrite(c, true)
	l.checkOutput(c)
	l.account(c)
}

func (l *Loop) wantWrite(c *conn, on bool) {
	if c.closed || c.wantWrite == on {
		return
	}
	c.wantWrite = on
	l.t.interest(c)
}
