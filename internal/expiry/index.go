package expiry

import (
	"math/bits"
	"unsafe"
)

const (
	digitBits = 6
	digits    = 1 << digitBits
	levels    = 11
	// slotCount leaves out the slots that no number of 64 bits can reach: the highest digit has four bits.
	slotCount = (levels-1)*digits + 1<<(64-(levels-1)*digitBits)

	maxShift = 1 << 62
)

// slot names a slot: level*64 + digit.
type slot uint16

func (s slot) level() uint   { return uint(s) / digits }
func (s slot) digit() uint   { return uint(s) % digits }
func (s slot) width() uint64 { return 1 << (s.level() * digitBits) }

// Index is an ordered set of entries by deadline. It is about 5 KB and allocates nothing. All methods need the lock of the
// shard that owns it. See the package comment for the invariants.
type Index struct {
	// base is where the entries are. It is the only pointer, and the first field, so that the collector reads one word of
	// an Index.
	base unsafe.Pointer

	shift uint64 // immutable; the index's own timeline is the caller's plus this
	pos   uint64 // the reference position
	n     int    // entries
	moves uint64 // entries re-placed and lists spliced since New

	// pending is the level of the pending list, which is in the slot of pos's own digit there; 0: there is none.
	pending uint8
	// occupied has a bit for each level with an entry, including a pending one.
	occupied uint16

	// floorSlot is a slot that was looked through, and floor a lower bound of its deadlines; noSlot when there is none.
	floorSlot slot
	floor     uint64

	bitmap [levels]uint64    // which slots are not empty
	heads  [slotCount]uint32 // an entry of the slot's ring, the longest there; valid where the bitmap has a bit
	counts [slotCount]int32  // entries in the slot; see CountDue for when it is not exact
}

const noSlot = ^slot(0)

// New returns an empty index over the entries at base, which must stay valid for as long as the index is used.
// Calling Due with the time of day before the first Add to an empty index places that entry and those after it finely.
func New(base unsafe.Pointer) *Index { return NewShifted(base, 0) }

// NewShifted is New with the slots' edges shiftMs earlier, for 0 <= shiftMs < 2^62. An index with very many entries has
// the more to refine the coarser the edge that time passes: given different shifts, the indexes of a keyspace do so at
// different times. A random number below ShiftRange is a good one.
func NewShifted(base unsafe.Pointer, shiftMs int64) *Index {
	if shiftMs < 0 || shiftMs >= maxShift {
		panic("expiry: shift out of range")
	}
	return &Index{base: base, shift: uint64(shiftMs), floorSlot: noSlot}
}

// ShiftRange is 12 days: it moves the edges of all slots up to those of the fifth level, 4.6 hours wide, by anything.
const ShiftRange = 1 << (5 * digitBits)

// Len is the number of entries.
func (x *Index) Len() int { return x.n }

// Moves is the number of entries re-placed and of lists spliced so far: the price paid for order, for metrics and tests.
func (x *Index) Moves() uint64 { return x.moves }

// Add puts the entry h, whose node's Deadline is set, into the index.
func (x *Index) Add(h uint32) {
	d := x.at(x.node(h))
	if x.pos == 0 && x.n == 0 {
		x.pos = d // no one has told the time yet: the neighbourhood of the first entry is better than that of 0
	}
	s := x.slotOf(d)
	x.push(s, h)
	x.n++
	if s == x.floorSlot && d < x.floor {
		x.floor = d
	}
}

// Rearm changes the deadline of the entry h, which must be in the index. A deadline that stays in its slot, as that of a key
// whose TTL is renewed now and then does, costs no look at the neighbours.
func (x *Index) Rearm(h uint32, deadline uint64) {
	n := x.node(h)
	d := deadline&deadlineMask + x.shift
	s := x.slotOf(d)
	if s.level() == 0 || s != x.slotOf(x.at(n)) {
		x.Remove(h)
		n.Deadline = deadline
		x.Add(h)
		return
	}
	// Whether it is in the slot itself or waits in the pending list to be placed there, it is where it belongs.
	n.Deadline = deadline
	if s == x.floorSlot && d < x.floor {
		x.floor = d
	}
}

// Remove takes the entry h out. It must be in the index.
func (x *Index) Remove(h uint32) {
	n := x.node(h)
	s := x.slotOf(x.at(n))
	// The entry is in its slot, or still in the pending list. Unlinking needs to know only if it is the head of either.
	if x.pending != 0 && x.ambiguous(s, h) {
		s = x.own(uint(x.pending))
	}
	x.n--
	if n.Next == h {
		if s.level() < uint(x.pending) {
			x.counts[x.own(uint(x.pending))] += x.counts[s] - 1 // what was taken off there belonged here
		}
		x.clear(s)
		return
	}
	x.node(n.Prev).Next = n.Next
	x.node(n.Next).Prev = n.Prev
	x.counts[s]--
	if x.heads[s] == h {
		x.heads[s] = n.Next
	}
}

// ambiguous reports whether the entry h, whose slot is s, is to be taken as a member of the pending list. For the head of
// a list, and so for the only member of one, the answer is exact, and the links come out right whatever it is. For others
// it decides which count goes down; see CountDue.
func (x *Index) ambiguous(s slot, h uint32) bool {
	if s.level() >= uint(x.pending) {
		return false
	}
	return x.bitmap[s.level()]&(1<<s.digit()) == 0 || x.heads[s] != h
}

// Relocate tells that the entry old was copied to new: its neighbours, and the slot if it was the head, are made to point
// there. The bytes at old are not read.
func (x *Index) Relocate(old, new uint32) {
	n := x.node(new)
	if n.Next == old {
		n.Next, n.Prev = new, new
	} else {
		x.node(n.Prev).Next = new
		x.node(n.Next).Prev = new
	}
	s := x.slotOf(x.at(n))
	if x.heads[s] == old && x.has(s) {
		x.heads[s] = new
		return
	}
	if x.pending != 0 {
		if own := x.own(uint(x.pending)); x.heads[own] == old {
			x.heads[own] = new
		}
	}
}

// slotOf is where an entry with deadline d belongs.
func (x *Index) slotOf(d uint64) slot {
	level := uint(bits.Len64((d^x.pos)|1)-1) / digitBits
	return slot(level*digits + uint(d>>(level*digitBits))%digits)
}

// own is the slot of pos's own digit on a level: on level 0 the slot of pos itself, above it empty or the pending list.
func (x *Index) own(level uint) slot {
	return slot(level*digits + uint(x.pos>>(level*digitBits))%digits)
}

// start is the first deadline that belongs into s.
func (x *Index) start(s slot) uint64 {
	low := s.level() * digitBits
	return x.pos>>low>>digitBits<<digitBits<<low | uint64(s.digit())<<low
}

func (x *Index) has(s slot) bool { return x.bitmap[s.level()]&(1<<s.digit()) != 0 }

// push appends the entry to the slot's ring.
func (x *Index) push(s slot, h uint32) {
	n := x.node(h)
	x.counts[s]++
	if !x.has(s) {
		x.bitmap[s.level()] |= 1 << s.digit()
		x.occupied |= 1 << s.level()
		x.heads[s] = h
		n.Prev, n.Next = h, h
		return
	}
	head := x.heads[s]
	first := x.node(head)
	n.Prev, n.Next = first.Prev, head
	x.node(first.Prev).Next = h
	first.Prev = h
}

// clear makes a slot empty; its entries are elsewhere or gone.
func (x *Index) clear(s slot) {
	level := s.level()
	x.counts[s] = 0
	x.bitmap[level] &^= 1 << s.digit()
	if x.bitmap[level] == 0 {
		x.occupied &^= 1 << level
	}
	if uint(x.pending) == level && level != 0 && s == x.own(level) {
		x.pending = 0
	}
}
