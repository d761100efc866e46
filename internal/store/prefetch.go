package store

import (
	"math/bits"
	"unsafe"
)

// Prefetch and PrefetchEntry bring what Find of a key will touch into the cache, without waiting: the bucket, then, once
// the bucket is there, the entry. A caller that is about to find several keys overlaps their cache misses this way; Find
// alone takes them one after the other. Like every method, under the lock of the shard.

// Prefetch fetches the bucket of a key.
func (t *Table) Prefetch(hash uint64) {
	ref := t.dir[hash>>t.shift]
	if ref == 0 {
		return
	}
	prefetch(unsafe.Pointer(t.bucket(segHandle(ref), homeOf(hash, segBuckets(ref)))))
}

// PrefetchEntry fetches the entry that the key's bucket most likely holds for it.
func (t *Table) PrefetchEntry(hash uint64) {
	ref := t.dir[hash>>t.shift]
	if ref == 0 {
		return
	}
	b := t.bucket(segHandle(ref), homeOf(hash, segBuckets(ref)))
	tag := tagOf(hash)
	i := 0
	if m := b.matchLow(tag); m != 0 {
		i = bits.TrailingZeros64(m) >> 3
	} else if m := b.matchHigh(tag); m != 0 {
		i = 8 + bits.TrailingZeros64(m)>>3
	} else {
		return
	}
	if h := Handle(b.refs[i] & refHandle); h != 0 {
		p := t.arena.Ptr(h)
		prefetch(p)
		prefetch(unsafe.Add(p, cacheLine))
	}
}

// cacheLine is the unit of a fetch; an entry of common size lies in two.
const cacheLine = 64
