package store

import (
	"hash/maphash"
	"math/bits"
	"sync/atomic"
)

// maxDepth bounds the directory. The bits that it may use (36-63) are disjoint
// from those of home (8-31) and tag (0-7).
const maxDepth = 28

// Table is the hash index of one database in one shard. REQUIRES for every
// method that does not say otherwise: the lock of the shard is held.
//
// dir and meta have a slot for each value of the top depth bits of a hash. All
// slots of a segment hold the same dir value and the same meta.depth; its counts
// are kept at the first of them only.
type Table struct {
	arena *Arena
	seed  maphash.Seed // immutable
	dir   []uint32     // reference to the segment, 0: it has no memory
	meta  []segMeta
	depth uint8
	shift uint8 // 64-depth

	view atomic.Pointer[directory] // dir and shift, for those without the lock

	count    int
	volatile int
	segBytes int64
	segments int                 // distinct segments, with memory or not
	atDepth  [maxDepth + 1]int32 // segments of each depth
	touched  uint8               // keeps the loads of gather alive
}

// directory is how a table finds the segment of a hash, as it is read without the lock of the shard: see Prefetch. The
// slots are the table's own, so they are stored atomically once the directory is published.
type directory struct {
	refs  []uint32
	shift uint8
}

// segMeta describes a segment.
type segMeta struct {
	count    uint16 // entries
	volatile uint16 // entries with a deadline
	depth    uint8  // hash bits that select the segment
}

// Slot is the position of an entry, valid until the next mutation of the table.
type Slot struct {
	seg  Handle // first bucket
	dir  uint32 // a directory slot of the segment
	home uint8  // bucket
	at   uint8  // bucket
	slot uint8
	n    uint8 // buckets of the segment
}

// NewTable returns an empty table. It takes no memory of the arena before the
// first insert.
func NewTable(a *Arena, seed maphash.Seed) *Table {
	t := &Table{arena: a, seed: seed}
	t.reset()
	return t
}

func (t *Table) reset() {
	t.dir, t.meta = make([]uint32, 1), make([]segMeta, 1)
	t.depth, t.shift = 0, 64
	t.publish()
	t.segments = 1
	t.atDepth = [maxDepth + 1]int32{0: 1}
}

// publish lets Prefetch see a new directory.
func (t *Table) publish() { t.view.Store(&directory{t.dir, t.shift}) }

// Len is the number of entries.
func (t *Table) Len() int { return t.count }

// Volatile is the number of entries with a deadline.
func (t *Table) Volatile() int { return t.volatile }

// Bytes is the memory of the index's segments, in bytes, which the arena's Used includes. The directory, on Go's heap, has
// about 10 bytes for each of them.
func (t *Table) Bytes() int64 {
	return t.segBytes
}

// Hash returns the hash of a key, for Find, Insert and FindHandle.
func (t *Table) Hash(key []byte) uint64 { return maphash.Bytes(t.seed, key) }

func (t *Table) hashOf(h Handle) uint64 { return maphash.Bytes(t.seed, t.arena.Entry(h).Key()) }

func (t *Table) bucket(seg Handle, b uint32) *bucket {
	return (*bucket)(t.arena.Ptr(seg + Handle(b*uint32(bucketUnits))))
}

// Find looks a key up. The handle is 0 when it is absent. Entries are touched
// only where the tag matches.
func (t *Table) Find(hash uint64, key []byte) (Slot, Handle) {
	d := uint32(hash >> t.shift)
	ref := t.dir[d]
	if ref == 0 {
		return Slot{}, 0
	}
	seg, n := segHandle(ref), segBuckets(ref)
	home := homeOf(hash, n)
	tag := tagOf(hash)
	at := home
	for {
		b := t.bucket(seg, at)
		for m := b.matchLow(tag); m != 0; m &= m - 1 {
			i := bits.TrailingZeros64(m) >> 3
			if h := Handle(b.refs[i] & refHandle); h != 0 && string(t.arena.Entry(h).Key()) == string(key) {
				return Slot{seg, d, uint8(home), uint8(at), uint8(i), uint8(n)}, h
			}
		}
		for m := b.matchHigh(tag); m != 0; m &= m - 1 {
			i := 8 + bits.TrailingZeros64(m)>>3
			if h := Handle(b.refs[i] & refHandle); h != 0 && string(t.arena.Entry(h).Key()) == string(key) {
				return Slot{seg, d, uint8(home), uint8(at), uint8(i), uint8(n)}, h
			}
		}
		if b.passed() == 0 {
			return Slot{}, 0
		}
		if at++; at == n {
			at = 0
		}
		if at == home {
			return Slot{}, 0
		}
	}
}

// FindHandle returns the slot of an entry known by its handle, without touching
// any entry.
func (t *Table) FindHandle(hash uint64, h Handle) (Slot, bool) {
	d := uint32(hash >> t.shift)
	ref := t.dir[d]
	if ref == 0 {
		return Slot{}, false
	}
	seg, n := segHandle(ref), segBuckets(ref)
	home := homeOf(hash, n)
	for at := home; ; {
		b := t.bucket(seg, at)
		for i, r := range b.refs {
			if Handle(r&refHandle) == h {
				return Slot{seg, d, uint8(home), uint8(at), uint8(i), uint8(n)}, true
			}
		}
		if at++; at == n {
			at = 0
		}
		if b.passed() == 0 || at == home {
			return Slot{}, false
		}
	}
}

// Insert adds an entry whose key is known to be absent. It reports false, and
// changes nothing that can be observed, when the arena is exhausted.
func (t *Table) Insert(hash uint64, h Handle) bool {
	first, ok := t.room(hash)
	if !ok {
		return false
	}
	ref := t.dir[first]
	r := t.refOf(h)
	place(t.bucketsOf(ref), hash, r)
	m := &t.meta[first]
	m.count++
	m.volatile += uint16(r >> 31)
	t.count++
	t.volatile += int(r >> 31)
	return true
}

// refOf is what a bucket holds for an entry.
func (t *Table) refOf(h Handle) uint32 {
	if t.arena.Entry(h).HasDeadline() {
		return uint32(h) | refVolatile
	}
	return uint32(h)
}

// room returns the first directory slot of the segment for hash, grown or split
// as its load requires.
func (t *Table) room(hash uint64) (first uint32, ok bool) {
	for {
		first = t.first(uint32(hash >> t.shift))
		n := segBuckets(t.dir[first])
		if t.dir[first] == 0 {
			n = 0
		}
		count := uint32(t.meta[first].count)
		if count < growAt(n) {
			return first, true
		}
		// Without memory to grow, the segment is used to its last slot. The
		// directory may have doubled all the same.
		if !t.grow(first) {
			return t.first(uint32(hash >> t.shift)), count < n*bucketSlots
		}
	}
}

// Replace makes the slot point to another block with the same key.
func (t *Table) Replace(s Slot, h Handle) {
	ref := &t.bucket(s.seg, uint32(s.at)).refs[s.slot]
	old, r := *ref>>31, t.refOf(h)
	*ref = r
	delta := int(r>>31) - int(old)
	t.meta[t.first(s.dir)].volatile += uint16(delta)
	t.volatile += delta
}

// Delete removes the slot. The entry is the caller's to free.
func (t *Table) Delete(s Slot) {
	bs := t.bucketsAt(s.seg, uint32(s.n))
	v := bs[s.at].refs[s.slot] >> 31
	t.remove(bs, uint32(s.home), uint32(s.at), int(s.slot))
	first := t.first(s.dir)
	m := &t.meta[first]
	m.count--
	m.volatile -= uint16(v)
	t.count--
	t.volatile -= int(v)
	t.shrink(first)
}
