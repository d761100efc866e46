// Package store is the memory of one shard: an arena outside Go's heap, the
// entry blocks that hold keys with their values, and the hash index over them.
//
// It knows nothing of time, commands, eviction or locks. A caller (package
// keyspace, and the indexes that thread their links through entries) holds the
// lock of the shard for every call; the few exceptions say so.
//
// # Arena
//
// An [Arena] reserves address space once and commits it in steps, so a block
// never moves by itself and a 31-bit [Handle] (in units of 8 bytes) is enough.
// Blocks up to 32 KiB come in size classes from spans of a few pages; larger
// ones are runs of pages. An empty span returns to the page allocator at once
// and may serve any class next, so a change in the sizes of values never leaves
// memory stranded in a class. Sparse spans are emptied by the owner of the
// blocks, guided by [Arena.PlanDefrag] and [Arena.ShouldMove].
//
// The collector sees none of it: data and metadata live in one mapping.
//
// # Entry
//
// An [Entry] is a view of one block: header, optional deadline with two links,
// optional attributes, key, value. Offsets from the start of the block, little-endian:
//
//	0   kind in the low 4 bits, 0x10 ext, 0x20 has-deadline, 0x40 indirect, 0x80 snapshot epoch
//	1   logarithmic access counter
//	2   key length 0..254, or 255: a uint32 follows
//	3   value length, the same
//	4   last access, uint32
//	8   only with has-deadline: deadline uint64, prev uint32, next uint32
//	..  only with ext: handle of the block of attributes uint32, which of them are set uint32
//	..  [key length uint32] [value length uint32] key bytes, value bytes
//
// The value of an indirect entry is a reference of 8 bytes to whatever holds it; the
// owner of the entry knows what that is. Attributes (attr.go) are what few keys have.
//
// # Table
//
// A [Table] maps keys to handles by extendible hashing: a directory over the
// top bits of the hash, segments of at most 64 buckets, a bucket being one cache
// line of 12 tags and 12 handles. A segment grows to 64 buckets, then
// splits; it shrinks, and merges with its buddy. Each such step touches one or
// two segments, below 800 entries, so there is no pause of the whole table.
//
// Not goals: safety for concurrent use, iteration in key order. The memory comes
// from Linux or macOS; another system needs its memory_*.go.
package store
