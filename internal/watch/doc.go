// Package watch marks the transactions of sessions whose watched keys change.
//
// A Service is a consumer of the journal, enabled only while someone watches. A record sets, under
// the lock of the key's shard, the mark that the sessions which watch the key share, so a transaction that holds the shards
// of its watched keys sees every change that came before it, and a change costs the same however many sessions watch.
//
// # Keys that are due
//
// A change is what a reader could notice. A key that was due when it was watched is absent to every reader, so its removal
// later on is no change; a key that became due afterwards is one. Only the transaction that is about to run asks: EXEC
// looks its watched keys up, which removes those that are due and so marks it.
//
// # Whole databases
//
// Flushing a database changes the watched keys that exist in it, exchanging two changes those that exist in either. The
// records of both come under the locks of all shards, and say no key: what is there is known from the records of the
// watched keys and, for a database that was swapped in, by looking.
package watch
