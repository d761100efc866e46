// Package blob is the memory of large strings. It is shared by all shards, so that a value changes its owner (another key, of
// another shard) without being copied, and it counts references, so that readers share a value.
//
// A [Heap] hands out blocks, each named by a [Ref]. A block has owners, the entries that hold its Ref, and readers, which look
// at its bytes whatever becomes of the entries meanwhile. It is freed with the last of both. An owner that changes bytes must be
// the only one that refers to them: [Heap.Sole].
//
// All methods may be called by any goroutine. An owner calls under the lock of the shard that its entry is in, which is what
// makes Sole's answer hold: a reference is only taken through an entry that is there. The heap's own lock is a leaf.
//
// It is not: an allocator of small blocks, which belong to a shard; a place for structures, which are of several blocks.
package blob
