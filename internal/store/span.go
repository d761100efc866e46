package store

import "unsafe"

// span is a run of pages: the blocks of one class, one large block, or free
// pages. Spans are named by number; 0 names none and is never linked.
type span struct {
	start uint32 // first page
	pages uint32
	next  uint32 // circular list of the bin, the free runs or the evacuees
	prev  uint32
	free  Handle // small: first free block; free run: pages that may be resident
	used  uint16 // small: blocks in use
	low   uint16 // small: falling below it calls demote
	bump  uint16 // small: blocks handed out at least once
	class uint8
	state uint8
}

const spanSize = int(unsafe.Sizeof(span{}))

// States of a span. Below numBins: small, in that bin of its class.
const (
	spanCurrent uint8 = numBins + iota // small, serves allocations
	spanFull                           // small, no free block, in no list
	spanEvac                           // small, to be emptied, serves nothing
	spanLarge                          // one large block
	spanFree                           // free run
	spanDirty                          // free, its pages are being given back
	spanUnused                         // the number itself is free
)

// refill gives c a current span with room.
func (a *Arena) refill(c *class) bool {
	if c.cur != 0 {
		sp := &a.spans[c.cur]
		sp.state, sp.low = spanFull, c.slots
		c.cur = 0
	}
	for b := numBins - 1; b >= 0; b-- {
		// The oldest of the bin: it had the most time to collect free blocks.
		if id := c.bins[b]; id != 0 {
			a.unlink(&c.bins[b], id)
			c.binned[b]--
			a.makeCurrent(c, id)
			return true
		}
	}
	id := a.takeRun(uint32(c.pages))
	if id == 0 {
		return false
	}
	sp := &a.spans[id]
	sp.free, sp.used, sp.bump = 0, 0, 0
	sp.class = uint8((uintptr(unsafe.Pointer(c)) - uintptr(unsafe.Pointer(&a.classes[0]))) / unsafe.Sizeof(class{}))
	for p := sp.start; p < sp.start+sp.pages; p++ {
		a.pages[p] = id
	}
	c.all++
	a.makeCurrent(c, id)
	return true
}

func (a *Arena) makeCurrent(c *class, id uint32) {
	sp := &a.spans[id]
	sp.state, sp.low = spanCurrent, 1
	c.cur = id
}

// demote reacts to a span whose use fell below its low mark: it moves to a lower
// bin, or, when empty, back to the page allocator.
func (a *Arena) demote(id uint32, sp *span, c *class) {
	switch {
	case sp.state == spanEvac:
		c.evacLive--
		if sp.used == 0 {
			a.unlink(&a.evac, id)
			c.evacSpans--
			a.dropSpan(id, c)
		}
		return
	case sp.state == spanCurrent:
		c.cur = 0
	case sp.state < numBins:
		a.unlink(&c.bins[sp.state], id)
		c.binned[sp.state]--
	}
	if sp.used == 0 {
		a.dropSpan(id, c)
		return
	}
	a.enterBin(id, sp, c)
}

// enterBin puts a span that has free blocks and blocks in use into its bin.
func (a *Arena) enterBin(id uint32, sp *span, c *class) {
	b := c.bin(sp.used)
	sp.state, sp.low = uint8(b), c.lows[b]
	a.pushBack(&c.bins[b], id)
	c.binned[b]++
}

func (a *Arena) dropSpan(id uint32, c *class) {
	c.all--
	a.putRun(id, uint32(c.pages))
	a.releaseInline()
}

func (a *Arena) newSpan() uint32 {
	id := a.spanFree
	if id != 0 {
		a.spanFree = a.spans[id].next
		return id
	}
	id = a.spanTop
	a.spanTop++
	return id
}

func (a *Arena) freeSpan(id uint32) {
	a.spans[id] = span{next: a.spanFree, state: spanUnused}
	a.spanFree = id
}

// pushBack appends to a circular list; head names its first span.
func (a *Arena) pushBack(head *uint32, id uint32) {
	sp := &a.spans[id]
	if *head == 0 {
		sp.next, sp.prev = id, id
		*head = id
		return
	}
	first := &a.spans[*head]
	sp.next, sp.prev = *head, first.prev
	a.spans[first.prev].next = id
	first.prev = id
}

func (a *Arena) pushFront(head *uint32, id uint32) {
	a.pushBack(head, id)
	*head = id
}

func (a *Arena) unlink(head *uint32, id uint32) {
	sp := &a.spans[id]
	if sp.next == id {
		*head = 0
		return
	}
	a.spans[sp.prev].next = sp.next
	a.spans[sp.next].prev = sp.prev
	if *head == id {
		*head = sp.next
	}
}
