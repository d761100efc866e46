package server

import (
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/session"
)

// conn is one client connection. Its fields belong to its loop, but for wake.
type conn struct {
	fd   int
	loop *loop // immutable
	sess *session.Session

	in  []byte // received and not yet consumed
	out []byte // to be sent; out[:sent] is already
	// sent counts the bytes of out that the socket took.
	sent      int
	wantWrite bool  // EPOLLOUT is asked for
	eof       bool  // nothing more is read: the peer closed its side, or the server stops. Replies are still sent.
	lingerBy  int64 // monotonic ns until when what the peer sends to a stopping server is thrown away, 0: not yet begun
	closed    bool  // the file descriptor is gone
	leaving   bool  // to be closed after the last reply; the services know it no more
	softSince int64 // monotonic ns since when the output is over the soft limit, 0 when it is not
	blocked   bool  // listed among the loop's blocked connections

	posted atomic.Bool // in the loop's inbox
}

// Wake implements session.Transport.
func (c *conn) Wake(*session.Session) {
	if c.posted.CompareAndSwap(false, true) {
		c.loop.post(c)
	}
}

// unsent is the number of bytes waiting for the socket.
func (c *conn) unsent() int { return len(c.out) - c.sent }

// unprocessed is the size of all requests of the client that are still to be run.
func (c *conn) unprocessed() int64 { return int64(len(c.in)) + c.sess.PendingBytes() }
