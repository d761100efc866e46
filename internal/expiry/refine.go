package expiry

import "math/bits"

// few is up to how many entries a slot is rather looked through than refined, where refining would cost more than itself.
const few = 16

// refine moves pos to the start of the slot, which becomes the pending list, and returns the number of lists spliced: at
// most one for each slot of the levels below. REQUIRES: s is on level 1 or above, is not empty, and comes first.
func (x *Index) refine(s slot) (spliced int) {
	level := s.level()
	into, start := x.own(level), x.start(s)
	for below := x.occupied & (1<<level - 1); below != 0; below &= below - 1 {
		l := slot(bits.TrailingZeros16(below))
		for m := x.bitmap[l]; m != 0; m &= m - 1 {
			x.splice(l*digits+slot(bits.TrailingZeros64(m)), into)
			spliced++
		}
	}
	x.moves += uint64(spliced)
	x.setPos(start)
	x.pending = uint8(level)
	return spliced
}

// setPos moves the reference position. Every entry must be in its place for the new one, but for pending entries.
func (x *Index) setPos(pos uint64) {
	x.pos = pos
	x.floorSlot = noSlot // it was a range relative to the old position
}

// splice appends the whole ring of one slot to another's, O(1).
func (x *Index) splice(from, into slot) {
	b, count := x.heads[from], x.counts[from]
	x.clear(from)
	x.counts[into] += count
	if !x.has(into) {
		x.bitmap[into.level()] |= 1 << into.digit()
		x.occupied |= 1 << into.level()
		x.heads[into] = b
		return
	}
	a := x.heads[into]
	na, nb := x.node(a), x.node(b)
	lastA, lastB := na.Prev, nb.Prev
	x.node(lastA).Next, nb.Prev = b, lastA
	x.node(lastB).Next, na.Prev = a, lastB
}

// drain re-places up to work pending entries, stopping at one whose deadline lies before limit, which is then the head of
// the pending list. It returns how many were re-placed and whether it stopped so. REQUIRES: there is a pending list.
//
// It takes them from both ends of the list in turn: where an end goes on is known only when its entry has come from
// memory, and so one is fetched while the other is waited for. That halves the time.
func (x *Index) drain(limit uint64, work int) (moved int, stopped bool) {
	s := x.own(uint(x.pending))
	here := x.heads[s]
	there := x.node(here).Prev
	forward := true // here is at the front, there at the back
	for moved < work {
		n := x.node(here)
		d := x.at(n)
		if d < limit {
			stopped = true
			break
		}
		next := n.Prev
		if forward {
			next = n.Next
		}
		x.push(x.slotOf(d), here)
		moved++
		if here == there {
			x.moves += uint64(moved)
			x.clear(s)
			return moved, false
		}
		here, there, forward = there, next, !forward
	}
	// Close the ring again around what is left.
	front, back := here, there
	if !forward {
		front, back = there, here
	}
	x.node(front).Prev, x.node(back).Next = back, front
	x.heads[s] = here
	x.counts[s] -= int32(moved)
	x.moves += uint64(moved)
	return moved, stopped
}

// costly reports whether refining the first slot would splice lists that then have to be refined again: there is something
// on the levels below. So it lies behind pos, for before the slots ahead all that comes first.
func (x *Index) costly(s slot) bool { return x.occupied&(1<<s.level()-1) != 0 }

// least looks through a slot for its nearest deadline.
func (x *Index) least(s slot) (h uint32, d uint64) {
	h = x.heads[s]
	d = x.at(x.node(h))
	for at := x.node(h).Next; at != x.heads[s]; {
		n := x.node(at)
		if here := x.at(n); here < d {
			h, d = at, here
		}
		at = n.Next
	}
	return h, d
}
