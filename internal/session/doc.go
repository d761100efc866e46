// Package session holds what the server knows of one connected client: its protocol, database, transaction, subscriptions
// and replies. A session does no I/O: a transport feeds it bytes (through dispatch) and takes bytes out.
//
// A session is owned by the worker (event loop) that its transport belongs to; fields without a note belong to that
// goroutine, or to the one that the session is lent to (Lend) while its request runs elsewhere. Others reach it only through
// the atomics, the mailbox, and the Park of a request that waits.
package session
