package sessiontest

import (
	"bytes"
	"time"

	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp"
)

// Send feeds a request to the connection and does all that follows from it on this one; others are looked at by Receive.
func (c *Conn) Send(args ...string) {
	c.in = resp.AppendCommand(c.in, args...)
	c.serve()
}

// serve processes what was received until nothing more can be. What runs elsewhere is waited for.
func (c *Conn) serve() {
	for !c.Closed && (len(c.in) > 0 || c.Park != nil) {
		n, more := c.server.Dispatch.Worker(0).Process(c.Session, c.in)
		c.in = c.in[n:]
		if c.Busy() {
			<-c.woken
		} else if !more {
			break
		}
	}
	c.attend()
	c.server.Tracking.Flush()
}

// attend does what an event loop does for a connection that was woken.
func (c *Conn) attend() {
	if c.Closed {
		return
	}
	if c.Killed() {
		c.close()
		return
	}
	if c.HasMail() {
		c.Collect()
	}
	c.take()
	if c.CloseAfter {
		c.close()
	}
}

// waitOut lets the time of the session's wait pass; false: it has no limit.
func (c *Conn) waitOut() bool {
	if c.Closed || c.Park == nil || c.Park.Until == 0 {
		return false
	}
	c.server.Clock.Advance(time.Duration(c.Park.Until - c.server.Clock.Mono()))
	return true
}

// take moves the replies to what the connection has got.
func (c *Conn) take() {
	out := c.Out.AppendTo(nil)
	c.Out.Reset()
	r := resp.NewReader(bytes.NewReader(out))
	for left := len(out); left > 0; {
		v, err := r.Read()
		if err != nil {
			c.server.t.Fatalf("connection %d was sent %q: %v", c.ID, out, err)
		}
		c.got = append(c.got, text(v))
		if r.Buffered() == 0 {
			left = 0
		}
	}
}

// Receive is what the connection was sent since the last call, each value on one line, and "closed" when it was closed.
func (c *Conn) Receive() []string {
	if !c.Closed {
		c.server.Dispatch.Worker(0).Timeouts(c.server.Clock.Mono(), func(*session.Session) {}) // all are looked at anyway
		c.attend()
		c.serve()
	}
	got := c.got
	c.got = nil
	return got
}

// Do is Send and Receive.
func (c *Conn) Do(args ...string) []string {
	c.Send(args...)
	return c.Receive()
}

// Close disconnects: every service forgets the session.
func (c *Conn) Close() {
	if !c.Closed {
		c.close()
	}
}

func (c *Conn) close() {
	c.Closed = true
	c.got = append(c.got, "closed")
	c.server.Forget(c.Session)
}
