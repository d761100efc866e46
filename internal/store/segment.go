package store

import (
	"math/bits"
	"unsafe"
)

// A segment has 1, 2, 4, or a multiple of 8 up to 64 buckets. Its reference is
// the handle of its block, which is a multiple of 8, with the number of buckets
// coded in the low 3 bits and bit 31.
const (
	maxBuckets   = 64
	bucketStep   = 8
	smallSegment = 1 << 31 // 1<<code buckets instead of (code+1)*8

	// minSplitBuckets is the least that a segment shrinks to once the table
	// has more than one: below it merging saves more.
	minSplitBuckets = 2 * bucketStep
)

func segHandle(ref uint32) Handle { return Handle(ref &^ (smallSegment | 7)) }

func segBuckets(ref uint32) uint32 {
	if ref&smallSegment != 0 {
		return 1 << (ref & 7)
	}
	return (ref&7 + 1) * bucketStep
}

func segRef(h Handle, n uint32) uint32 {
	if n < bucketStep {
		return uint32(h) | smallSegment | uint32(bits.TrailingZeros32(n))
	}
	return uint32(h) | (n/bucketStep - 1)
}

// The loads. A segment grows at 0.90, and to a size that it fills to 0.80 at
// most; it shrinks at 0.40; buddies merge when both together would fill a whole
// segment to 0.45 only. The gaps keep a count that moves up and down from
// resizing again and again.

// growAt is the count at which a segment of n buckets is enlarged.
func growAt(n uint32) uint32 { return n * bucketSlots * 9 / 10 }

// shrinkAt is the count at which it is made smaller.
func shrinkAt(n uint32) uint32 { return n * bucketSlots * 4 / 10 }

const mergeAt = maxBuckets * bucketSlots * 45 / 100

// bucketsFor is the size for count entries.
func bucketsFor(count, least uint32) uint32 {
	n := least
	for n < maxBuckets && count*10 > n*bucketSlots*8 {
		n = nextBuckets(n)
	}
	return n
}

func nextBuckets(n uint32) uint32 {
	switch {
	case n == 0:
		return 1
	case n < bucketStep:
		return n * 2
	}
	return n + bucketStep
}

func (t *Table) bucketsAt(seg Handle, n uint32) []bucket {
	return unsafe.Slice((*bucket)(t.arena.Ptr(seg)), n)
}

func (t *Table) bucketsOf(ref uint32) []bucket {
	if ref == 0 {
		return nil
	}
	return t.bucketsAt(segHandle(ref), segBuckets(ref))
}

// place puts a reference into the first free slot from its home on. REQUIRES:
// there is one.
func place(bs []bucket, hash uint64, ref uint32) {
	n := uint32(len(bs))
	at := homeOf(hash, n)
	for dist := uint32(0); ; dist++ {
		b := &bs[at]
		if i := b.freeSlot(); i < bucketSlots {
			b.set(i, tagOf(hash), ref, dist)
			return
		}
		b.incPassed()
		if at++; at == n {
			at = 0
		}
	}
}

// remove frees a slot, then lets entries behind it that were displaced past it
// move back into the gap.
func remove(bs []bucket, home, at uint32, i int) {
	n := uint32(len(bs))
	for b := home; b != at; {
		bs[b].decPassed()
		if b++; b == n {
			b = 0
		}
	}
	bs[at].clear(i)
	for range n {
		b := &bs[at]
		if b.passed() == 0 || b.passed() == passedMany {
			return
		}
		next := at + 1
		if next == n {
			next = 0
		}
		j := displaced(&bs[next])
		if j == bucketSlots {
			return
		}
		from := &bs[next]
		b.set(i, from.tags[j], from.refs[j], from.dist(j)-1)
		b.decPassed()
		from.clear(j)
		at, i = next, j
	}
}

// displaced returns a slot whose entry is 1 or 2 buckets from home; farther ones
// do not know their distance.
func displaced(b *bucket) int {
	for i := range bucketSlots {
		if d := b.dist(i); d != 0 && d != distMany {
			return i
		}
	}
	return bucketSlots
}

// first returns the first directory slot of the segment that slot d belongs to.
func (t *Table) first(d uint32) uint32 {
	return d &^ (1<<(t.depth-t.meta[d].depth) - 1)
}

// newSegment allocates n empty buckets.
func (t *Table) newSegment(n uint32) (ref uint32, ok bool) {
	if n == 0 {
		return 0, true
	}
	h := t.arena.Alloc(int(n) * bucketSize)
	if h == 0 {
		return 0, false
	}
	ref = segRef(h, n)
	clear(t.bucketsOf(ref))
	t.segBytes += int64(n) * int64(bucketSize)
	return ref, true
}

func (t *Table) freeSegment(ref uint32) {
	if ref != 0 {
		t.segBytes -= int64(segBuckets(ref)) * int64(bucketSize)
		t.arena.Free(segHandle(ref))
	}
}

// setRef points all directory slots of the segment at first to ref.
func (t *Table) setRef(first, ref uint32) {
	slots := t.dir[first:][:1<<(t.depth-t.meta[first].depth)]
	for i := range slots {
		slots[i] = ref
	}
}

// setMeta makes the directory slots from first on one segment of the given depth.
func (t *Table) setMeta(first uint32, m segMeta) {
	slots := t.meta[first:][:1<<(t.depth-m.depth)]
	for i := range slots {
		slots[i] = m
	}
}
