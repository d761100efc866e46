package store

// gathered holds the entries of one or two segments on their way to others. It
// lives on the stack.
type gathered struct {
	n      int
	refs   [maxBuckets * bucketSlots]uint32
	hashes [maxBuckets * bucketSlots]uint64
}

// gather appends the entries of a segment with their hashes. The first pass only
// touches the entries: its loads do not wait for each other, so most of the cache
// misses overlap.
func (t *Table) gather(g *gathered, bs []bucket) {
	from := g.n
	sum := t.touched
	for i := range bs {
		for _, r := range bs[i].refs {
			if r != 0 {
				g.refs[g.n] = r
				g.n++
				sum += *t.arena.Entry(Handle(r & refHandle)).at(offKind)
			}
		}
	}
	t.touched = sum
	for i := from; i < g.n; i++ {
		g.hashes[i] = t.hashOf(Handle(g.refs[i] & refHandle))
	}
}

// grow enlarges or splits the segment. It reports false when the arena is
// exhausted or the hash bits are.
func (t *Table) grow(first uint32) bool {
	if t.dir[first] == 0 {
		return t.resize(first, t.leastBuckets(first))
	}
	if n := segBuckets(t.dir[first]); n < maxBuckets {
		return t.resize(first, nextBuckets(n))
	}
	return t.split(first)
}

// leastBuckets is the smallest size of the segment.
func (t *Table) leastBuckets(first uint32) uint32 {
	if t.meta[first].depth == 0 {
		return 1
	}
	return minSplitBuckets
}

func (t *Table) resize(first, n uint32) bool {
	old := t.dir[first]
	ref, ok := t.newSegment(n)
	if !ok {
		return false
	}
	if old != 0 {
		var g gathered
		t.gather(&g, t.bucketsOf(old))
		bs := t.bucketsOf(ref)
		for i := range g.n {
			place(bs, g.hashes[i], g.refs[i])
		}
	}
	t.setRef(first, ref)
	t.freeSegment(old)
	return true
}

// split divides the segment by its next hash bit.
func (t *Table) split(first uint32) bool {
	m := t.meta[first]
	if m.depth == t.depth {
		if !t.doubleDirectory() {
			return false
		}
		first *= 2
	}
	old := t.dir[first]
	var g gathered
	t.gather(&g, t.bucketsOf(old))
	half := [2]segMeta{{depth: m.depth + 1}, {depth: m.depth + 1}}
	bit := 63 - m.depth
	for i := range g.n {
		h := &half[g.hashes[i]>>bit&1]
		h.count++
		h.volatile += uint16(g.refs[i] >> 31)
	}
	var refs [2]uint32
	var bs [2][]bucket
	for i := range half {
		var ok bool
		if refs[i], ok = t.newSegment(splitBuckets(uint32(half[i].count))); !ok {
			t.freeSegment(refs[0])
			return false
		}
		bs[i] = t.bucketsOf(refs[i])
	}
	for i := range g.n {
		place(bs[g.hashes[i]>>bit&1], g.hashes[i], g.refs[i])
	}
	t.freeSegment(old)
	second := first + 1<<(t.depth-m.depth-1)
	t.setMeta(first, half[0])
	t.setMeta(second, half[1])
	t.setRef(first, refs[0])
	t.setRef(second, refs[1])
	t.segments++
	t.atDepth[m.depth]--
	t.atDepth[m.depth+1] += 2
	return true
}

func splitBuckets(count uint32) uint32 {
	if count == 0 {
		return 0
	}
	return bucketsFor(count, minSplitBuckets)
}

// doubleDirectory adds a bit to the directory. It refuses when the directory is
// far larger than the segments warrant: then the hashes are not random, and
// splitting would not part them.
func (t *Table) doubleDirectory() bool {
	if t.depth == maxDepth || len(t.dir) > 64*t.segments+1024 {
		return false
	}
	dir, meta := make([]uint32, 2*len(t.dir)), make([]segMeta, 2*len(t.dir))
	for i := range dir {
		dir[i], meta[i] = t.dir[i/2], t.meta[i/2]
	}
	t.dir, t.meta = dir, meta
	t.depth++
	t.shift--
	t.publish()
	return true
}

// halveDirectory drops bits that no segment uses. One spare bit stays, so that a
// segment that splits and merges does not copy the directory each time.
func (t *Table) halveDirectory() {
	for t.depth >= 2 && t.atDepth[t.depth] == 0 && t.atDepth[t.depth-1] == 0 {
		dir, meta := make([]uint32, len(t.dir)/2), make([]segMeta, len(t.dir)/2)
		for i := range dir {
			dir[i], meta[i] = t.dir[2*i], t.meta[2*i]
		}
		t.dir, t.meta = dir, meta
		t.depth--
		t.shift++
		t.publish()
	}
}

// shrink gives memory back after a removal from the segment.
func (t *Table) shrink(first uint32) {
	ref := t.dir[first]
	count := uint32(t.meta[first].count)
	switch {
	case t.count == 0:
		t.freeSegment(ref)
		t.setRef(first, 0)
		if len(t.dir) > 1 {
			t.reset()
		}
		return
	case count == 0:
		t.freeSegment(ref)
		t.setRef(first, 0)
	case count <= shrinkAt(segBuckets(ref)):
		n := bucketsFor(count, t.leastBuckets(first))
		if n < segBuckets(ref) {
			t.resize(first, n)
		}
	}
	if count <= mergeAt {
		t.mergeUp(first)
	}
}

// mergeUp merges the segment with its buddy, and the result with its buddy, as
// long as that moves no entries; moving some, it stops after one.
func (t *Table) mergeUp(first uint32) {
	for {
		m := t.meta[first]
		if m.depth == 0 {
			return
		}
		buddy := first ^ 1<<(t.depth-m.depth)
		if t.meta[buddy].depth != m.depth || m.count+t.meta[buddy].count > mergeAt {
			return
		}
		moved, ok := t.merge(min(first, buddy), max(first, buddy))
		if !ok {
			return
		}
		first = min(first, buddy)
		depth := t.depth
		t.halveDirectory()
		first >>= depth - t.depth
		if moved {
			return
		}
	}
}

// merge joins two buddies into the segment at first. It reports whether it moved
// entries, and false when the arena is exhausted.
func (t *Table) merge(first, second uint32) (moved, ok bool) {
	a, b := t.dir[first], t.dir[second]
	ma, mb := t.meta[first], t.meta[second]
	sum := segMeta{count: ma.count + mb.count, volatile: ma.volatile + mb.volatile, depth: ma.depth - 1}
	ref := a | b // right when one of them is 0
	if a != 0 && b != 0 {
		least := uint32(minSplitBuckets)
		if sum.depth == 0 {
			least = 1
		}
		if ref, ok = t.newSegment(bucketsFor(uint32(sum.count), least)); !ok {
			return false, false
		}
		var g gathered
		t.gather(&g, t.bucketsOf(a))
		t.gather(&g, t.bucketsOf(b))
		bs := t.bucketsOf(ref)
		for i := range g.n {
			place(bs, g.hashes[i], g.refs[i])
		}
		t.freeSegment(a)
		t.freeSegment(b)
		moved = true
	}
	t.setMeta(first, sum)
	t.setRef(first, ref)
	t.segments--
	t.atDepth[ma.depth] -= 2
	t.atDepth[sum.depth]++
	return moved, true
}
