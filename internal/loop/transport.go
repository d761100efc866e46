package loop

import (
	"errors"
	"net"
)

// errAgain: nothing can be read, or written, now.
var errAgain = errors.New("not now")

// transport is one loop's side of a network. Its methods belong to the loop's goroutine, but for wake; none but wait blocks.
type transport interface {
	// wait returns the connections that are ready, valid until the next call. It sleeps until there is one, wake was called
	// since the last wait, or so many ms are over; 0: it only looks.
	wait(ms int) ([]event, error)
	// wake ends a sleep. Safe for concurrent use, under any lock.
	wake()
	// add begins to tell when a connection is ready.
	add(c *conn) error
	// interest is told that c.eof or c.wantWrite has changed: what the connection wants to be told of.
	interest(c *conn)
	// recv reads what has come: errAgain when that is nothing, io.EOF when nothing will.
	recv(c *conn, b []byte) (int, error)
	// send writes as much of the pieces as the connection takes now: errAgain when that is nothing.
	send(c *conn, pieces [][]byte) (int, error)
	// shut tells the peer that nothing more will be sent.
	shut(c *conn)
	// close gives the connection back; what send took is still delivered.
	close(c *conn)
	// end gives the loop's own resources back.
	end()
}

// event is a connection that is ready.
type event struct {
	c                  *conn
	readable, writable bool // readable: there are bytes, or the end of them
}

// network is a kind of transport.
type network interface {
	// open makes a loop's transport.
	open(l *Loop) (transport, error)
	// listen hands the connections of a listener to admit until unlisten, which closes it.
	listen(ln net.Listener) error
	unlisten(ln net.Listener)
	// retry accepts again after connections had to wait for descriptors.
	retry()
	// quietNs is how long nothing must come from a client until it is taken for granted that it has sent nothing more.
	quietNs() int64
	// close waits for all goroutines. Loops and listeners have ended.
	close()
}

// arrival is a connection that was accepted.
type arrival struct {
	fd              int
	peer            *peer
	addr, localAddr string
	unix, local     bool
	refuse          func(text string) // sends text and closes
	close           func()
}
