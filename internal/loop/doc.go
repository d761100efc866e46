// Package loop moves bytes between clients and sessions. A Group has a number of event loops; each is one goroutine that
// owns the connections which were handed to it, a worker of the dispatcher, and a share of the keyspace's shards, whose due
// keys it removes: its sleep ends at the next deadline, so expiry needs no goroutine of its own and never waits for one to
// be scheduled.
//
// How bytes travel is behind a seam of a few methods (see transport.go) that never block: recv takes what has come, send
// gives what the peer takes. There are two transports: epoll, for Linux, with raw system calls; and one on package net, for
// every system, which gives blocking connections that shape by a goroutine for each.
//
// A connection at rest holds no buffer. Bytes are read into the loop's buffer; only the part of a request is kept with the
// connection, in memory that follows what has come and not what was announced. Replies are sent from the loop's buffer;
// what the client does not take is a list of blocks, to which more is added without copying what waits there, and in which
// large values are references to memory that all who read them share.
//
// It knows nothing of what a request means or why one waits: that is the dispatcher's. Configuration, and which addresses
// are listened on, is the server's.
package loop
