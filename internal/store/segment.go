package store

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// A segment has 1, 2, 4, 8, 16, 32, 48 or 64 buckets. Its reference is the handle
// of its block, a multiple of 8, with the place of its size in this list in the low
// 3 bits.
//
// The step from 48 to 64 keeps the load between 0.60 and 0.90 where doubling alone
// would let it fall to 0.45. Steps of 8 buckets were tried: 0.4 bytes a key less,
// but an insert into a growing table costs a quarter more, because each step reads
// every entry of the segment to hash its key.
const (
	maxBuckets = 64
	bucketStep = 16
	sizeCodes  = 0x4030201008040201 // sizes by code, a byte each

	// minSplitBuckets is the least that a segment shrinks to once the table
	// has more than one: below it merging saves more.
	minSplitBuckets = 16
)

func segHandle(ref uint32) Handle { return Handle(ref &^ 7) }

func segBuckets(ref uint32) uint32 { return uint32(uint64(sizeCodes) >> (ref & 7 * 8) & 0xff) }

func segRef(h Handle, n uint32) uint32 {
	if n > bucketStep {
		return uint32(h) | (n/bucketStep + 3)
	}
	return uint32(h) | uint32(bits.TrailingZeros32(n))
}

// The loads. A segment grows at 0.90. It shrinks when its entries fill the next
// smaller size to 0.80 (to half, among the smallest sizes), and buddies merge when
// both together fill a whole segment to 0.55. In a table of constant size the count
// of a segment wanders by some 5%: with this distance between growing and shrinking
// that costs a fraction of an entry's rehashing for each delete, and with a wider
// one the segments that once grew would stay large for good.

// growAt is the count at which a segment of n buckets is enlarged.
func growAt(n uint32) uint32 { return n * bucketSlots * 9 / 10 }

// shrinkAt is the count at which it is made smaller.
func shrinkAt(n uint32) uint32 {
	if n <= bucketStep {
		return n / 2 * bucketSlots / 2
	}
	return (n - bucketStep) * bucketSlots * 8 / 10
}

const mergeAt = maxBuckets * bucketSlots * 55 / 100

// bucketsFor is the size that count entries fill to 0.80 at most.
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

// remove frees a slot, then fills the gap with an entry that was displaced past
// it, and that one's gap in turn. So no entry lies behind a free slot that it
// could have, and a bucket that was passed is full: without this, displacement
// builds up under steady inserts and deletes until every lookup walks the whole
// segment.
func (t *Table) remove(bs []bucket, home, at uint32, i int) {
	n := uint32(len(bs))
	unpass(bs, home, at)
	bs[at].clear(i)
	for bs[at].passed() != 0 {
		from, j := t.findPassed(bs, at)
		if j == bucketSlots {
			return
		}
		b, f := &bs[at], &bs[from]
		b.set(i, f.tags[j], f.refs[j], (at+n-t.homeIn(bs, from, j))%n)
		f.clear(j)
		unpass(bs, at, from)
		at, i = from, j
	}
}

// unpass takes back that an entry of home lies in bucket at.
func unpass(bs []bucket, home, at uint32) {
	for b := home; b != at; {
		bs[b].decPassed()
		if b++; b == uint32(len(bs)) {
			b = 0
		}
	}
}

// findPassed returns the next entry that was displaced past bucket at. There may
// be none, in slot bucketSlots, when a counter is saturated.
func (t *Table) findPassed(bs []bucket, at uint32) (from uint32, slot int) {
	n := uint32(len(bs))
	for k := uint32(1); k < n; k++ {
		from = (at + k) % n
		b := &bs[from]
		for j := 0; b.state>>distShift>>(2*j) != 0; j++ {
			d := b.dist(j)
			if d == distMany && k > distMany {
				d = (from + n - t.homeIn(bs, from, j)) % n
			}
			if d >= k {
				return from, j
			}
		}
		if b.passed() == 0 {
			break
		}
	}
	return 0, bucketSlots
}

// homeIn returns the home of the entry in a slot. Only an entry far from home is
// touched for that.
func (t *Table) homeIn(bs []bucket, at uint32, i int) uint32 {
	n := uint32(len(bs))
	if d := bs[at].dist(i); d != distMany {
		return (at + n - d%n) % n
	}
	return homeOf(t.hashOf(Handle(bs[at].refs[i]&refHandle)), n)
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
		atomic.StoreUint32(&slots[i], ref)
	}
}

// setMeta makes the directory slots from first on one segment of the given depth.
func (t *Table) setMeta(first uint32, m segMeta) {
	slots := t.meta[first:][:1<<(t.depth-m.depth)]
	for i := range slots {
		slots[i] = m
	}
}
