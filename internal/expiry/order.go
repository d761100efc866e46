package expiry

import "math/bits"

// first is the slot that comes first, in the order that the package comment proves.
func (x *Index) first() (slot, bool) {
	for rest := x.occupied; rest != 0; {
		level := uint(15 - bits.LeadingZeros16(rest))
		rest &^= 1 << level
		if behind := x.bitmap[level] & (1<<x.own(level).digit() - 1); behind != 0 {
			return slot(level*digits) + slot(bits.TrailingZeros64(behind)), true
		}
	}
	if x.pending != 0 {
		return x.own(uint(x.pending)), true
	}
	return x.firstAhead()
}

// firstAhead is the first slot at or ahead of pos, leaving out the pending list.
func (x *Index) firstAhead() (slot, bool) {
	for rest := x.occupied; rest != 0; rest &= rest - 1 {
		level := uint(bits.TrailingZeros16(rest))
		own := x.own(level)
		ahead := x.bitmap[level] &^ (1<<own.digit() - 1)
		if level != 0 {
			ahead &^= 1 << own.digit()
		}
		if ahead != 0 {
			return slot(level*digits) + slot(bits.TrailingZeros64(ahead)), true
		}
	}
	return 0, false
}

// slots goes over all slots that are not empty, in order: each begins at or after the beginning of the one before. Nothing
// may change meanwhile.
func (x *Index) slots(yield func(slot) bool) {
	for level := uint(levels); level > 0; level-- {
		own := x.own(level - 1)
		if !x.each(level-1, 1<<own.digit()-1, yield) {
			return
		}
	}
	if x.pending != 0 && !yield(x.own(uint(x.pending))) {
		return
	}
	for level := range uint(levels) {
		own := x.own(level)
		mask := ^uint64(0) << own.digit()
		if level != 0 {
			mask &^= 1 << own.digit()
		}
		if !x.each(level, mask, yield) {
			return
		}
	}
}

func (x *Index) each(level uint, mask uint64, yield func(slot) bool) bool {
	for m := x.bitmap[level] & mask; m != 0; m &= m - 1 {
		if !yield(slot(level*digits) + slot(bits.TrailingZeros64(m))) {
			return false
		}
	}
	return true
}

// Walk calls fn for each entry until it returns false. Entries come in the order of their slots: exact where the slots are
// of the finest level, elsewhere in no order within a slot's range. fn must not change the index.
func (x *Index) Walk(fn func(h uint32) bool) {
	for s := range x.slots {
		if !x.ring(s, fn) {
			return
		}
	}
}

// ring calls fn for each entry of a slot until it returns false.
func (x *Index) ring(s slot, fn func(h uint32) bool) bool {
	head := x.heads[s]
	for h := head; ; {
		next := x.node(h).Next
		if !fn(h) {
			return false
		}
		if next == head {
			return true
		}
		h = next
	}
}
