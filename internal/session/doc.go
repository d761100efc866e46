// Package session holds what the server knows of one connected client: its protocol, database, transaction, subscriptions
// and replies. A session does no I/O: a transport feeds it bytes (through dispatch) and takes bytes out.
//
// A session is owned by the worker (event loop) that its transport belongs to; fields without a note belong to that
// goroutine. Others reach it only through the atomics and the mailbox.
package session
