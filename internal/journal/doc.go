// Package journal carries what the keyspace changes to those who act on it, in two forms.
//
// # Records
//
// A Record names one mutation: database, key, reason, event. It is handed to Consumers at once, under the locks of the key's
// shard, so the records of a key come in order. Keyspace notifications, WATCH and client tracking are consumers; each
// listens to the reasons that it wants.
//
// # Effects
//
// An effect states what a mutation did, as a command that a Redis 7 can run: deterministic, with absolute times. A
// transaction gathers its effects (Effects) and commits them when it ends, still under its locks, as one Block. Blocks are
// numbered and have an offset in one stream of bytes, which is in the form of append-only files and of PSYNC: SELECT
// comes before a change of database, and MULTI and EXEC are around what must not be seen by halves. The order of blocks
// agrees with the order of changes of every key, since a key's changes are committed before its shard is unlocked.
// Followers are handed each block.
//
// # Rules
//
// The keyspace transaction is the only writer. Consumers and followers run inside its critical section: they must not
// block, and may take only leaf locks of their own (lock order: shards ascending, then the stream, then leaves).
//
// Wanted tells a transaction with one atomic load whether any of this is listened to; where not, nothing is built.
package journal
