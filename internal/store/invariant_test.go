package store

// failer is what *testing.T and *rapid.T share.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// check verifies everything that the arena states about itself.
func (a *Arena) check(t failer) {
	t.Helper()
	var live, all, evacSpans, evacLive [numClasses]uint32
	var binned [numClasses][numBins]uint32
	used, resident, free := int64(0), 0, uint32(0)
	runs := map[uint32]bool{}
	for p := uint32(1); p < a.top; {
		id := a.pages[p]
		sp := &a.spans[id]
		if sp.start != p || sp.pages == 0 || a.pages[p+sp.pages-1] != id {
			t.Fatalf("page %d: span %d says it starts at %d with %d pages", p, id, sp.start, sp.pages)
		}
		n := int(a.countResident(p, sp.pages))
		resident += n
		switch {
		case sp.state == spanFree:
			if prev := a.pages[p-1]; a.spans[prev].state == spanFree {
				t.Fatalf("page %d: two free runs side by side", p)
			}
			if int(sp.free) != n {
				t.Fatalf("free run at %d: counts %d resident pages, has %d", p, sp.free, n)
			}
			free += uint32(n)
			runs[id] = true
		case sp.state == spanLarge:
			used += int64(sp.pages) * pageSize
		case sp.state <= spanEvac:
			a.checkSpan(t, id)
			c := sp.class
			used += int64(sp.used) * int64(a.classes[c].size)
			live[c] += uint32(sp.used)
			all[c]++
			switch {
			case sp.state < numBins:
				binned[c][sp.state]++
			case sp.state == spanEvac:
				evacSpans[c]++
				evacLive[c] += uint32(sp.used)
			}
		case sp.state != spanDirty:
			t.Fatalf("page %d: span %d has state %d", p, id, sp.state)
		}
		if sp.state != spanFree && sp.state != spanDirty && n != int(sp.pages) {
			t.Fatalf("page %d: in use, but %d of %d pages count as resident", p, n, sp.pages)
		}
		p += sp.pages
	}
	for i := range a.classes {
		c := &a.classes[i]
		if c.live != live[i] || c.all != all[i] || c.binned != binned[i] || c.evacSpans != evacSpans[i] || c.evacLive != evacLive[i] {
			t.Fatalf("class %d: counts %+v; found live %d all %d binned %v evacuating %d with %d",
				c.size, c, live[i], all[i], binned[i], evacSpans[i], evacLive[i])
		}
		for b := range c.bins {
			a.eachLinked(t, c.bins[b], func(id uint32) {
				if sp := &a.spans[id]; int(sp.state) != b || int(sp.class) != i {
					t.Fatalf("class %d: span %d in bin %d has state %d class %d", c.size, id, b, sp.state, sp.class)
				}
				binned[i][b]--
			})
			if binned[i][b] != 0 {
				t.Fatalf("class %d: bin %d misses %d spans", c.size, b, binned[i][b])
			}
		}
	}
	a.checkRuns(t, runs)
	if a.Used() != used {
		t.Fatalf("Used %d, blocks in use sum to %d", a.Used(), used)
	}
	if a.Committed() != int64(resident)*pageSize || a.freeResident != free {
		t.Fatalf("Committed %d with %d free pages, bitmap says %d with %d", a.Committed(), a.freeResident, resident*pageSize, free)
	}
}

// checkSpan verifies the free blocks of a small span.
func (a *Arena) checkSpan(t failer, id uint32) {
	t.Helper()
	sp := &a.spans[id]
	c := &a.classes[sp.class]
	for p := sp.start; p < sp.start+sp.pages; p++ {
		if a.pages[p] != id {
			t.Fatalf("page %d of span %d belongs to %d", p, id, a.pages[p])
		}
	}
	seen := map[Handle]bool{}
	for h := sp.free; h != 0; h = *(*Handle)(a.Ptr(h)) {
		off := uint32(h) - sp.start<<pageShift
		if seen[h] || off%c.units != 0 || off/c.units >= uint32(sp.bump) {
			t.Fatalf("span %d of class %d: bad free block %d", id, c.size, h)
		}
		seen[h] = true
	}
	if got := len(seen) + int(c.slots-sp.bump); got != int(c.slots-sp.used) {
		t.Fatalf("span %d of class %d: %d blocks free, should be %d", id, c.size, got, c.slots-sp.used)
	}
	if sp.used == 0 || sp.state == spanFull && sp.used != c.slots || (sp.state == spanCurrent) != (c.cur == id) {
		t.Fatalf("span %d of class %d: state %d with %d in use, current is %d", id, c.size, sp.state, sp.used, c.cur)
	}
	if sp.state < numBins && (c.bin(sp.used) < int(sp.state) || sp.used >= c.slots) {
		t.Fatalf("span %d of class %d: %d in use, in bin %d", id, c.size, sp.used, sp.state)
	}
}

func (a *Arena) checkRuns(t failer, runs map[uint32]bool) {
	t.Helper()
	for b := range a.runs {
		if (a.runs[b] != 0) != (a.runMap[b/64]>>(b%64)&1 != 0) {
			t.Fatalf("run bin %d: map bit is wrong", b)
		}
		cold := false
		a.eachLinked(t, a.runs[b], func(id uint32) {
			sp := &a.spans[id]
			if !runs[id] || runBin(sp.pages) != b {
				t.Fatalf("run bin %d holds span %d: state %d, %d pages", b, id, sp.state, sp.pages)
			}
			if cold && sp.free > 0 {
				t.Fatalf("run bin %d: a resident run behind one that is not", b)
			}
			cold = sp.free == 0
			delete(runs, id)
		})
	}
	if len(runs) != 0 {
		t.Fatalf("%d free runs are in no bin", len(runs))
	}
}

func (a *Arena) eachLinked(t failer, head uint32, fn func(id uint32)) {
	t.Helper()
	for id, n := head, 0; id != 0; n++ {
		if n > len(a.spans) || a.spans[a.spans[id].next].prev != id {
			t.Fatalf("list of span %d is broken at %d", head, id)
		}
		fn(id)
		if id = a.spans[id].next; id == head {
			return
		}
	}
}

// check verifies everything that the table states about itself.
func (t *Table) check(f failer) {
	f.Helper()
	if len(t.dir) != 1<<t.depth || len(t.meta) != len(t.dir) || t.shift != 64-t.depth {
		f.Fatalf("directory of depth %d has %d slots, %d metas, shift %d", t.depth, len(t.dir), len(t.meta), t.shift)
	}
	if v := t.view.Load(); &v.refs[0] != &t.dir[0] || len(v.refs) != len(t.dir) || v.shift != t.shift {
		f.Fatalf("directory of depth %d: another one is published, of %d slots", t.depth, len(v.refs))
	}
	var atDepth [maxDepth + 1]int32
	count, volatile, segments, size := 0, 0, 0, int64(0)
	for d := uint32(0); d < uint32(len(t.dir)); {
		m := t.meta[d]
		width := uint32(1) << (t.depth - m.depth)
		if m.depth > t.depth || d%width != 0 {
			f.Fatalf("slot %d: depth %d of %d does not fit here", d, m.depth, t.depth)
		}
		for i := d; i < d+width; i++ {
			if t.dir[i] != t.dir[d] || t.meta[i].depth != m.depth {
				f.Fatalf("slots %d and %d of one segment differ", d, i)
			}
		}
		n, v := t.checkSegment(f, d)
		if n != int(m.count) || v != int(m.volatile) {
			f.Fatalf("segment %d: counts %d, %d volatile; holds %d, %d", d, m.count, m.volatile, n, v)
		}
		count, volatile, segments = count+n, volatile+v, segments+1
		if t.dir[d] != 0 {
			size += int64(segBuckets(t.dir[d])) * int64(bucketSize)
		}
		atDepth[m.depth]++
		d += width
	}
	if count != t.Len() || volatile != t.Volatile() || segments != t.segments || size != t.segBytes || atDepth != t.atDepth {
		f.Fatalf("table counts %d, %d volatile, %d segments of %d bytes; has %d, %d, %d, %d", t.Len(), t.Volatile(), t.segments, t.segBytes, count, volatile, segments, size)
	}
}

func (t *Table) checkSegment(f failer, d uint32) (count, volatile int) {
	f.Helper()
	bs := t.bucketsOf(t.dir[d])
	n := uint32(len(bs))
	passed := make([]int, n)
	saturated := false
	for at := range n {
		b := &bs[at]
		for i, r := range b.refs {
			if (r == 0) != (b.tags[i] == 0) {
				f.Fatalf("segment %d bucket %d slot %d: reference %#x with tag %#x", d, at, i, r, b.tags[i])
			}
			if r == 0 {
				continue
			}
			e := t.arena.Entry(Handle(r & refHandle))
			hash := t.Hash(e.Key())
			home := homeOf(hash, n)
			dist := (at + n - home) % n
			if t.first(uint32(hash>>t.shift)) != d || tagOf(hash) != b.tags[i] || min(dist, distMany) != b.dist(i) {
				f.Fatalf("segment %d bucket %d slot %d: hash %#x, tag %#x, distance %d", d, at, i, hash, b.tags[i], b.dist(i))
			}
			for p := home; p != at; p = (p + 1) % n {
				passed[p]++
			}
			if e.HasDeadline() != (r&refVolatile != 0) {
				f.Fatalf("segment %d bucket %d slot %d: volatile bit is wrong", d, at, i)
			}
			count++
			volatile += int(r >> 31)
		}
	}
	for at := range bs {
		got := int(bs[at].passed())
		if got != passed[at] && got != passedMany {
			f.Fatalf("segment %d bucket %d: %d entries displaced past it, counts %d", d, at, passed[at], got)
		}
		saturated = saturated || got == passedMany
	}
	for at := range bs {
		if passed[at] > 0 && !saturated && bs[at].freeSlot() != bucketSlots {
			f.Fatalf("segment %d bucket %d: %d entries displaced past it, and it has room", d, at, passed[at])
		}
	}
	return count, volatile
}
