package store

import "math/bits"

// Free runs are binned by length: exactly below 64 pages, then four bins for
// each doubling. In a bin those with resident pages come first: reusing them
// costs no page fault and no memory.
const (
	runBins     = 128
	runExact    = 64
	runSearch   = 8 // runs of the own bin tried for a fit, when the bin is not exact
	minGrowth   = 64
	maxGrowth   = 4096
	growthShift = 3 // grow by an eighth
)

func runBin(pages uint32) int {
	if pages < runExact {
		return int(pages)
	}
	k := bits.Len32(pages) - 1
	return min(runExact+(k-6)*4+int(pages>>(k-2)&3), runBins-1)
}

// takeRun removes a run of exactly n pages from the free ones, growing when none
// fits. It returns 0 when the reservation is exhausted. State is the caller's.
func (a *Arena) takeRun(n uint32) uint32 {
	id := a.findRun(n)
	if id == 0 {
		if !a.grow(n) {
			return 0
		}
		if id = a.findRun(n); id == 0 {
			return 0
		}
	}
	a.leaveFree(id)
	if sp := &a.spans[id]; sp.pages > n {
		a.cut(id, n)
	}
	a.markResident(a.spans[id].start, n)
	return id
}

func (a *Arena) findRun(n uint32) uint32 {
	b := runBin(n)
	if first := a.runs[b]; first != 0 {
		id := first
		for range runSearch {
			if a.spans[id].pages >= n {
				return id
			}
			if id = a.spans[id].next; id == first {
				break
			}
		}
	}
	b++
	for w := b / 64; w < len(a.runMap); w++ {
		m := a.runMap[w]
		if w == b/64 {
			m &= ^uint64(0) << (b % 64)
		}
		if m != 0 {
			return a.fitting(w*64+bits.TrailingZeros64(m), n)
		}
	}
	return 0
}

// fitting returns the first run of the bin: every run of a higher bin fits,
// except in the last bin, which is open-ended upwards and never lower than n's.
func (a *Arena) fitting(b int, n uint32) uint32 {
	id := a.runs[b]
	if a.spans[id].pages < n {
		return 0
	}
	return id
}

// cut shortens an unlinked run to n pages; the rest becomes a free run.
func (a *Arena) cut(id, n uint32) {
	rest := a.newSpan()
	sp := &a.spans[id]
	head := Handle(a.countResident(sp.start, n))
	a.spans[rest] = span{start: sp.start + n, pages: sp.pages - n, free: sp.free - head}
	sp.pages, sp.free = n, head
	a.pages[sp.start+n-1] = id
	a.enterFree(rest)
}

// putRun makes a run with the given number of resident pages free and joins it
// with its free neighbours. The numbers are carried along, because counting takes
// time in proportion to the run.
func (a *Arena) putRun(id, resident uint32) {
	sp := &a.spans[id]
	sp.free = Handle(resident)
	if p := a.pages[sp.start-1]; a.spans[p].state == spanFree {
		a.absorb(sp, p)
		sp.start = a.spans[p].start
		a.freeSpan(p)
	}
	if end := sp.start + sp.pages; end < a.top {
		if p := a.pages[end]; a.spans[p].state == spanFree {
			a.absorb(sp, p)
			a.freeSpan(p)
		}
	}
	a.enterFree(id)
}

func (a *Arena) absorb(sp *span, p uint32) {
	a.leaveFree(p)
	sp.pages += a.spans[p].pages
	sp.free += a.spans[p].free
}

// enterFree links a run whose resident pages are counted in free.
func (a *Arena) enterFree(id uint32) {
	sp := &a.spans[id]
	sp.state = spanFree
	a.pages[sp.start] = id
	a.pages[sp.start+sp.pages-1] = id
	a.freeResident += uint32(sp.free)
	b := runBin(sp.pages)
	if sp.free > 0 {
		a.pushFront(&a.runs[b], id)
	} else {
		a.pushBack(&a.runs[b], id)
	}
	a.runMap[b/64] |= 1 << (b % 64)
}

func (a *Arena) leaveFree(id uint32) {
	sp := &a.spans[id]
	a.freeResident -= uint32(sp.free)
	b := runBin(sp.pages)
	a.unlink(&a.runs[b], id)
	if a.runs[b] == 0 {
		a.runMap[b/64] &^= 1 << (b % 64)
	}
}

// grow commits more of the reservation, so that a run of n pages exists.
func (a *Arena) grow(n uint32) bool {
	need := n
	if p := a.pages[a.top-1]; a.spans[p].state == spanFree {
		need -= min(need, a.spans[p].pages)
	}
	if need > a.limit-a.top {
		return false
	}
	step := min(max(a.top>>growthShift, minGrowth), maxGrowth)
	end := a.top + min(max(need, step), a.limit-a.top)
	if a.commitMetadata(a.top, end) != nil {
		return false
	}
	from, to := committedEnd(a.top), committedEnd(end)
	if to > from && commitMemory(a.mem[from:to]) != nil {
		return false
	}
	id := a.newSpan()
	a.spans[id] = span{start: a.top, pages: end - a.top}
	a.top = end
	a.putRun(id, 0)
	return true
}

// committedEnd is the byte up to which pages below top are committed.
func committedEnd(top uint32) int {
	if top <= 1 {
		return 0
	}
	return roundUp(int(top)*pageSize, max(osPage, pageSize))
}

// commitMetadata extends the committed metadata from what top pages need to
// what end pages need.
func (a *Arena) commitMetadata(top, end uint32) error {
	grain := max(osPage, pageSize)
	part := func(offset, before, after int) error {
		from, to := roundUp(before, grain), roundUp(after, grain)
		if from == to {
			return nil
		}
		return commitMemory(a.mem[offset+from : offset+to])
	}
	size := func(top uint32, bytes int) int {
		if top == 0 {
			return 0
		}
		return (int(top) + 2) * bytes
	}
	if err := part(a.layout.pages, min(size(top, 4), (int(a.limit)+1)*4), min(size(end, 4), (int(a.limit)+1)*4)); err != nil {
		return err
	}
	if err := part(a.layout.spans, size(top, spanSize), size(end, spanSize)); err != nil {
		return err
	}
	words := func(top uint32) int { return (int(top) + 63) / 64 * 8 }
	return part(a.layout.resident, words(top), words(end))
}

// eachWord calls fn for each word of the residency bitmap that covers the pages,
// with the bits that belong to them.
func eachWord(start, pages uint32, fn func(word uint32, mask uint64)) {
	for p, end := start, start+pages; p < end; {
		n := min(64-p%64, end-p)
		fn(p/64, ^uint64(0)>>(64-n)<<(p%64))
		p += n
	}
}

func (a *Arena) countResident(start, pages uint32) (n uint32) {
	eachWord(start, pages, func(w uint32, mask uint64) {
		n += uint32(bits.OnesCount64(a.resident[w] & mask))
	})
	return n
}

func (a *Arena) markResident(start, pages uint32) {
	added := 0
	eachWord(start, pages, func(w uint32, mask uint64) {
		added += bits.OnesCount64(mask &^ a.resident[w])
		a.resident[w] |= mask
	})
	if added > 0 {
		a.committed.add(int64(added) * pageSize)
	}
}

func (a *Arena) clearResident(start, pages uint32) {
	removed := 0
	eachWord(start, pages, func(w uint32, mask uint64) {
		removed += bits.OnesCount64(mask & a.resident[w])
		a.resident[w] &^= mask
	})
	a.committed.add(-int64(removed) * pageSize)
}
