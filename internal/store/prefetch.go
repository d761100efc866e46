package store

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// Prefetch and PrefetchEntry bring what Find of a key will touch into the cache, without waiting: the bucket, then, once
// the bucket is there, the entry. A caller that is about to find several keys overlaps their cache misses this way; Find
// alone takes them one after the other.
//
// They need no lock: taking and giving back that of the shard, twice for each key, costs more than the rest of them. What
// they read may be changed at the same time, so it is a guess, and all that a wrong guess does is to fetch a line in vain.
// A directory that was replaced is kept by the collector while it is looked at, and a segment that was freed is still
// mapped: an arena unmaps nothing before Close, which nobody may prefetch from then on.

// Prefetch fetches the bucket of a key. The lock of the shard need not be held.
func (t *Table) Prefetch(hash uint64) {
	if b := t.guess(hash); b != nil {
		prefetch(unsafe.Pointer(b))
	}
}

// PrefetchEntry fetches the entry that the key's bucket most likely holds for it. The lock of the shard need not be held.
func (t *Table) PrefetchEntry(hash uint64) {
	b := t.guess(hash)
	if b == nil {
		return
	}
	tag := tagOf(hash)
	i := 0
	if m := b.matchLow(tag); m != 0 {
		i = bits.TrailingZeros64(m) >> 3
	} else if m := b.matchHigh(tag); m != 0 {
		i = 8 + bits.TrailingZeros64(m)>>3
	} else {
		return
	}
	// Where the bucket was freed and used for something else, the reference is any number.
	if h := Handle(atomic.LoadUint32(&b.refs[i]) & refHandle); h != 0 && uint32(h)>>pageShift < t.arena.limit {
		p := t.arena.Ptr(h)
		prefetch(p)
		prefetch(unsafe.Add(p, cacheLine))
	}
}

// guess is the bucket of a key, or nil, as far as can be told without the lock.
func (t *Table) guess(hash uint64) *bucket {
	d := t.view.Load()
	ref := atomic.LoadUint32(&d.refs[hash>>d.shift])
	if ref == 0 {
		return nil
	}
	return t.bucket(segHandle(ref), homeOf(hash, segBuckets(ref)))
}

// cacheLine is the unit of a fetch; an entry of common size lies in two.
const cacheLine = 64
