// Package keyspace holds the databases and is their only mutator.
//
// A Keyspace is a power of two of shards. A shard has a mutex, one off-heap arena, and for each database a hash table and
// two deadline indexes (one on the monotonic clock, one on the wall clock). A key's shard is given by its hash, so the
// same name lives in the same shard of every database. Large strings are in a heap that all shards share; what the keyspace
// must know of a kind of value is in one table, values.
//
// Commands reach keys through a Txn: the dispatcher locks the shards of the command's keys in ascending order
// (TryLockKeys, TryLockSet), the command reads and mutates through the transaction, and Unlock ends it. A mutation hands its
// change records to the journal at once, so consumers see those of a key in order, and adds its effect to the block that
// Unlock commits, still under the locks. Nothing else writes: expiry and eviction go through the same functions with their
// own reasons.
//
// A command that takes long holds its shards (HoldSet) instead of keeping their mutexes locked. An event loop never waits for
// a shard that is held: the methods that begin with Try tell it, and the slices of expiry and eviction pass it over. LockSet,
// LockKey and LockAll wait, and are for other goroutines.
//
// A due key is never seen: every lookup compares the entry's deadline with the transaction's instant and expires it
// first. Active expiry (ExpireSlice) removes due keys at their deadline in slices of bounded time.
//
// It is not: a parser of arguments, a writer of replies, a reader of clocks or configuration; limits and modes are
// handed in by Settings.
package keyspace
