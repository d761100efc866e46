package store

// Evacuation: PlanDefrag decides for each class whether it has enough holes to
// be worth packing, and how full a span may be to be emptied. Spans are then
// picked by ShouldMove, at the first block of theirs that the caller's walk over
// all blocks meets. So planning costs a fixed few hundred instructions whatever
// the size of the arena, and no block of a picked span has been passed by then.
//
// A span is picked only while the blocks of all picked spans fit into the holes
// of the others: packing never needs new memory.

const (
	// Planning starts when packing could save a twentieth of what is in use.
	defragPart = 20
	defragMin  = 256 << 10
	// unpickLimit bounds the spans put back by one PlanDefrag.
	unpickLimit = 1024
)

// PlanDefrag reports whether packing is worth a walk over all blocks, and if so
// lets [Arena.ShouldMove] pick spans. The caller then asks ShouldMove for each of
// its blocks, and moves those (Alloc, copy, Free). False ends the plan before.
func (a *Arena) PlanDefrag() bool {
	a.unpick()
	gain := int64(0)
	for i := range a.classes {
		c := &a.classes[i]
		gain += int64(c.surplus()) * int64(c.pages) * pageSize
		c.moveBelow = 0
	}
	if gain < max(a.used.load()/defragPart, defragMin) {
		return false
	}
	for i := range a.classes {
		c := &a.classes[i]
		if n := c.surplus(); n > 0 {
			c.moveBelow = c.pickBelow(n)
		}
	}
	return true
}

// holes is the number of free blocks in spans that may serve allocations.
func (c *class) holes() uint32 {
	return (c.all-c.evacSpans)*uint32(c.slots) - (c.live - c.evacLive)
}

// surplus is the number of spans that c could do without. One span may be
// sparse, and a class with few surplus ones among many is not worth the moves.
func (c *class) surplus() uint32 {
	n := max(c.holes()/uint32(c.slots), 1) - 1
	if n*2*defragPart < c.all {
		return 0
	}
	return n
}

// pickBelow returns the use below which at least n binned spans lie.
func (c *class) pickBelow(n uint32) uint16 {
	for b := range numBins - 1 {
		if c.binned[b] >= n {
			return c.lows[b+1]
		}
		n -= c.binned[b]
	}
	return c.slots
}

// ShouldMove reports whether the block sits in a span that is being emptied.
// Alloc never returns memory from such a span, and the span is given up with its
// last block.
func (a *Arena) ShouldMove(h Handle) bool {
	id := a.pages[h>>pageShift]
	sp := &a.spans[id]
	if sp.state >= numBins {
		return sp.state == spanEvac
	}
	c := &a.classes[sp.class]
	if sp.used >= c.moveBelow {
		return false
	}
	return a.pick(id, sp, c)
}

func (a *Arena) pick(id uint32, sp *span, c *class) bool {
	if c.evacLive+uint32(c.slots) > c.holes() {
		return false
	}
	a.unlink(&c.bins[sp.state], id)
	c.binned[sp.state]--
	c.evacSpans++
	c.evacLive += uint32(sp.used)
	// Every free of one of its blocks must reach demote, which keeps evacLive.
	sp.state, sp.low = spanEvac, c.slots
	a.pushBack(&a.evac, id)
	return true
}

// unpick puts spans back that an earlier plan left unfinished.
func (a *Arena) unpick() {
	for n := 0; a.evac != 0 && n < unpickLimit; n++ {
		id := a.evac
		sp := &a.spans[id]
		c := &a.classes[sp.class]
		a.unlink(&a.evac, id)
		c.evacSpans--
		c.evacLive -= uint32(sp.used)
		a.enterBin(id, sp, c)
	}
}
