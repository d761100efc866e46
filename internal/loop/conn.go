package loop

import (
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/session"
)

// conn is one client connection. Its fields belong to its loop, but for Wake.
type conn struct {
	loop *Loop            // immutable
	sess *session.Session // immutable
	fd   int              // of the transport with descriptors
	peer *peer            // of the transport on package net

	in  input
	out *output // what the client has not taken yet; nil: nothing waits

	wantWrite bool  // to be told when more can be sent
	eof       bool  // nothing more is read: the peer closed its side, or the server stops. Replies are still sent.
	again     bool  // in the loop's list of those that have requests left to run
	late      bool  // has replies among those that the loop has gathered
	closed    bool  // the transport has it no more
	leaving   bool  // to be closed after the last reply; the services know it no more
	sendsOn   bool  // has sent something to a stopping server
	lingerBy  int64 // monotonic ns until when what the peer sends to a stopping server is thrown away, 0: not yet begun
	softSince int64 // monotonic ns since when the output is over the soft limit, 0 when it is not

	posted atomic.Bool // in the loop's inbox
}

// Wake implements session.Transport.
func (c *conn) Wake(*session.Session) {
	if c.posted.CompareAndSwap(false, true) {
		c.loop.post(c)
	}
}

// unsent is the number of bytes that wait for the client.
func (c *conn) unsent() int {
	if c.out == nil {
		return 0
	}
	return c.out.size
}

// unprocessed is the size of all requests of the client that are still to be run.
func (c *conn) unprocessed() int64 { return int64(len(c.in.buf)) + c.sess.PendingBytes() }

// bytes is the memory that the connection takes.
func (c *conn) bytes() int64 {
	n := connOverhead + int64(c.in.bytes()+c.sess.Parser.Kept()) + c.sess.PendingBytes() + c.sess.Public.Kept.Load()
	if c.out != nil {
		n += int64(c.out.own)
	}
	return n
}

// connOverhead is what a connection at rest takes outside of its buffers, reported as memory in use: the structures of
// the connection and its session.
const connOverhead = 2 << 10
