// Package tracking tells clients that cache keys when to forget them (CLIENT TRACKING).
//
// A Table is a consumer of the journal. In the default mode it remembers which sessions read a key and tells each of them
// once when the key changes; in broadcast mode a session is told of every change of a key that begins with one of its
// prefixes. A session hears by RESP3 pushes, or another one hears in its place (REDIRECT).
//
// # When messages are sent
//
// In the default mode a message goes to the mailbox at once, under the lock of the key's shard; a session's own change
// thus comes after the reply of the command that made it. Broadcast messages are gathered and sent by Flush, which each
// worker calls at the end of its turn: a key changed many times in a turn is named once. What follows a flush is gathered
// too, so that FLUSHALL is one message, not one for each database, but a session that tracks and flushes hears of it right
// behind the command's reply. A turn of another worker may send messages a little earlier, in two parts; that is harmless,
// for being told twice costs a client nothing.
//
// # Bound
//
// The default mode remembers at most as many keys as the limit says. Over it, a random key is forgotten and those who
// read it are told as if it had changed. What the table takes is reported as memory in use. The ids of sessions that are gone are dropped from a key's list when it grows.
//
// # Locks
//
// All are leaves but for the mailboxes'. Remember and Consume are called under the locks of keys' shards; no lock of this
// package is held while a message is pushed: lists are copied out first.
//
// As in Redis, keys are known by name only, whatever their database, and exchanging databases tells nobody.
package tracking
