package store

// drainBatch is how many entries leave a segment before fn sees them.
const drainBatch = 64

// Drain removes up to max entries, hands each to fn, and gives segments back as
// they empty. It reports whether the table is empty. In between the table is
// whole: it may be read and changed.
func (t *Table) Drain(max int, fn func(Handle)) (done bool) {
	var batch [drainBatch]Handle
	for max > 0 && t.count > 0 {
		first := t.lastUsed()
		n := t.drainSegment(first, batch[:min(max, drainBatch)])
		if t.meta[first].count == 0 {
			t.shrink(first)
		}
		for _, h := range batch[:n] {
			fn(h)
		}
		max -= n
	}
	return t.count == 0
}

// lastUsed returns the last segment that has entries. Emptied ones merge, so few
// are skipped. REQUIRES: the table is not empty.
func (t *Table) lastUsed() uint32 {
	d := t.first(uint32(len(t.dir)) - 1)
	for t.meta[d].count == 0 {
		d = t.first(d - 1)
	}
	return d
}

// drainSegment removes entries until the batch is full or the segment empty.
func (t *Table) drainSegment(first uint32, batch []Handle) int {
	bs := t.bucketsOf(t.dir[first])
	m := &t.meta[first]
	taken := 0
	for at := uint32(len(bs)); at > 0 && taken < len(batch); {
		b := &bs[at-1]
		i := occupied(b)
		if i == bucketSlots {
			at--
			continue
		}
		r := b.refs[i]
		batch[taken] = Handle(r & refHandle)
		taken++
		t.remove(bs, t.homeIn(bs, at-1, i), at-1, i)
		m.count--
		m.volatile -= uint16(r >> 31)
		t.count--
		t.volatile -= int(r >> 31)
	}
	return taken
}

func occupied(b *bucket) int {
	for i, r := range b.refs {
		if r != 0 {
			return i
		}
	}
	return bucketSlots
}
