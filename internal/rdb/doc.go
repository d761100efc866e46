// Package rdb reads RDB files, the snapshots of Redis and Valkey, for audits: it says of each key what it is, when it
// expires, how long it was idle and about how much memory it takes, and skips the values.
//
// What it is not: no loader. Values are not decoded further than counting needs, keys that are past their deadline are
// reported like others (their Expiry says so), and nothing is written.
//
// It reads a stream once, in order, and needs a buffer, the longest key and the longest packed value that has to be
// counted; no length in a file is trusted before that many bytes have come. Anything that is not understood ends the
// reading with an error that names the offset: after an unknown type the next key cannot be found. The checksum, which
// stands at the end, is compared when the last key has been read, so entries are preliminary until Entries ends
// without an error.
//
// # Versions
//
//	magic     written by           adds
//	REDIS1-8  Redis before 5       read too; below 5 there is no checksum
//	REDIS9    Redis 5 to 6.2       streams (15), idle time and frequency (248, 249), what modules keep beside keys (247)
//	REDIS10   Redis 7.0            listpacks for hashes, sorted sets, lists (16-18), streams 2 (19), functions (245)
//	REDIS11   Redis 7.2, Valkey 8  listpacks for sets (20), streams 3 (21)
//	REDIS12   Redis 7.4 to 8.4     hash fields with deadlines (24, 25; 22, 23 of candidates), sizes of slots (244)
//	REDIS13   Redis 8.6            streams 4, with idempotent producers (26), metadata of modules at keys (243)
//	VALKEY80  Valkey 9.0           hash fields with deadlines (22, another layout), slots being imported (243)
//
// A newer version is read as long as it uses the above, and type 27, streams 5 of REDIS14: newer versions have so far
// only added types. Would one change the layout of an old type, the checksum tells.
//
// # Memory
//
// Entry.Memory estimates what MEMORY USAGE key SAMPLES 0 says on Redis 7.0 (64 bits, jemalloc), from the lengths in the
// file: objects, hash tables, skip lists, radix trees and strings are summed with the sizes that they have there, each
// allocation rounded up to its size class. Like the command it leaves out the key's entry in the table of deadlines.
//
// TestMemoryIsWhatTheServerSays compares with redis-server 7.0.15, over 400 random collections and 1400 strings, and
// holds bounds. Strings, lists and streams agree to the byte. The sum over all hashes, sorted sets and sets was 1%, 0.4%
// and 3% too low on a server that had just been written to, and 0.03% off or better when it had loaded its file; a single
// key was off by 10% at most. That is where the file cannot tell: hash tables keep their old buckets while they grow,
// and the levels of skip lists are drawn.
//
// Not in the estimate either: room that a string was given to grow (APPEND, SETRANGE), list nodes compressed in memory,
// the 16 bytes a key that Redis 7.0 adds in cluster mode, what a module's value takes (its bytes in the file stand in).
// The last node of a stream counts as the server allocates it for writing, which after a restart is up to 4 KB less.
// Later versions and Valkey lay keys out differently, mostly more tightly; how far off it is for them was not measured.
package rdb
