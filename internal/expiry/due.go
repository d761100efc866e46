package expiry

import "math"

// State is what a bounded step has come to.
type State uint8

const (
	// Nothing is due, and nothing is left to be done at this time.
	Nothing State = iota
	// Found an entry that is due.
	Found
	// More work is needed before it is known whether something is due.
	More
)

// dueWork bounds Due: some ten microseconds.
const dueWork = 128

// Advance looks for an entry whose deadline is at or before nowMs. It is not removed; entries that are due come in no
// particular order. At most work entries are re-placed in a call, and besides at most one list is spliced for each slot
// (these count as work too, but are not interrupted), so a caller that holds a lock can look at the time between calls: an
// entry costs some 75 ns from main memory. nowMs may go back. After Nothing, NextMs is after nowMs.
func (x *Index) Advance(nowMs int64, work int) (h uint32, state State) {
	now := x.moment(nowMs)
	for {
		s, ok := x.first()
		if !ok || x.bound(s) > now {
			x.catchUp(now)
			return 0, Nothing
		}
		if x.last(s) <= now {
			return x.heads[s], Found
		}
		// The slot holds now, so it is of level 1 or above.
		if work <= 0 {
			return 0, More
		}
		switch {
		case x.isPending(s):
			if h, ok := x.overtaken(now); ok {
				return h, Found
			}
			moved, due := x.drain(now+1, work)
			if due {
				return x.heads[s], Found
			}
			work -= moved
		case x.counts[s] <= few && x.costly(s):
			h, d := x.least(s)
			if d <= now {
				return h, Found
			}
			x.floorSlot, x.floor = s, d
		default:
			work -= x.refine(s)
		}
	}
}

// Due returns an entry whose deadline is at or before nowMs, not removed. The work in a call is bounded: if it returns
// false while NextMs is at or before nowMs, call it again (or Advance, which tells).
func (x *Index) Due(nowMs int64) (h uint32, ok bool) {
	h, state := x.Advance(nowMs, dueWork)
	return h, state == Found
}

// NextMs is a lower bound of the nearest deadline, for deciding when to wake up: the beginning of the first slot, which on
// the finest level is the deadline itself. A coarse slot costs one waking for each of its levels.
func (x *Index) NextMs() (ms int64, ok bool) {
	s, ok := x.first()
	if !ok {
		return 0, false
	}
	bound := x.bound(s)
	return int64(bound - min(bound, x.shift)), true
}

// Min returns an entry with the nearest deadline of all, exactly. What it refines for that stays refined, so it is cheap
// when called again and again; but a single call may touch every entry of a slot. See Nearest.
func (x *Index) Min() (h uint32, ok bool) {
	h, _, ok = x.Nearest(math.MaxInt)
	return h, ok
}

// Nearest is Min with a bound on the number of entries re-placed, as in Advance. When it is used up the entry is one of
// the first slot, so the nearest deadline is less than a slot away, and exact is false; later calls go on from there.
func (x *Index) Nearest(work int) (h uint32, exact, ok bool) {
	for {
		s, ok := x.first()
		switch {
		case !ok:
			return 0, false, false
		case s.level() == 0:
			return x.heads[s], true, true
		case x.isPending(s):
			moved, _ := x.drain(0, work)
			work -= moved
			if x.pending != 0 && work <= 0 {
				return x.heads[s], false, true
			}
		case x.counts[s] <= few:
			h, _ := x.least(s)
			return h, true, true
		case work <= 0:
			return x.heads[s], false, true
		default:
			work -= x.refine(s)
		}
	}
}

// bound is a lower bound of the deadlines in a slot.
func (x *Index) bound(s slot) uint64 {
	if s == x.floorSlot {
		return x.floor
	}
	return x.start(s)
}

// last is the last deadline that belongs into a slot.
func (x *Index) last(s slot) uint64 { return x.start(s) + (s.width() - 1) }

func (x *Index) isPending(s slot) bool {
	return x.pending != 0 && s == x.own(uint(x.pending))
}

// overtaken finds an entry that was re-placed from the pending list before it was due and has become due since, so that it
// need not wait for the rest of a long list.
func (x *Index) overtaken(now uint64) (h uint32, ok bool) {
	s, ok := x.firstAhead()
	if !ok || x.last(s) > now {
		return 0, false
	}
	return x.heads[s], true
}

// catchUp moves pos to now when nothing is due, so that new entries are placed as finely as can be. No entry has to move:
// let m be the highest digit in which now differs from pos. What is on the levels below m agrees with pos in digit m, so
// it lies before now; the slot of level m that now is in begins before now; neither can hold anything, as the first slot
// begins after now. All other slots mean the same for both positions. For the same reason there is no pending list: it
// begins at pos. (A first slot with a floor lies behind pos and holds now: then now is before pos.) An empty index may
// follow back as well.
func (x *Index) catchUp(now uint64) {
	if now > x.pos || x.n == 0 {
		x.setPos(now)
	}
}
