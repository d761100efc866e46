// Package server wires the parts into a running server: configuration, listeners, event loops and periodic work.
//
// On Linux each event loop is one goroutine on one epoll instance. A loop owns the connections that were handed to it and
// a share of the keyspace's shards, whose due keys it removes: its sleep ends at the next deadline, so expiry needs no
// goroutine of its own and never waits for one to be scheduled. A connection at rest holds no buffer: bytes are read into
// the loop's buffer and replies gathered in another, and only what is left over is kept with the connection.
//
// Commands, keys and protocol belong to the layers below; nothing here knows what a request means.
package server
