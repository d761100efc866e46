// Package journal carries the ordered record of every mutation of the keyspace to those who act on it: keyspace
// notifications, WATCH, client tracking, and later the append-only file, replication and prefix statistics.
//
// The keyspace transaction is the only writer. It appends a record while it holds the locks of the key's shard, so the
// records of one key are totally ordered and every consumer sees them in that order. Consumers run inside that critical
// section: they must not block, and may take only leaf locks of their own (lock order: shards ascending, then leaves).
//
// A journal with no enabled consumer costs one atomic load per mutation.
package journal
