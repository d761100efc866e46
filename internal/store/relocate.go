package store

// Relocate is the table's own part in emptying sparse spans: it moves segments
// for which [Arena.ShouldMove] holds. It looks at up to limit segments and
// returns the cursor for the next call, 0 at the end. It starts with cursor 0.
func (t *Table) Relocate(cursor uint32, limit int) uint32 {
	d := t.first(min(cursor, 1<<maxDepth-1) >> (maxDepth - t.depth))
	for range limit {
		if ref := t.dir[d]; ref != 0 && t.arena.ShouldMove(segHandle(ref)) {
			t.move(d, ref)
		}
		d += 1 << (t.depth - t.meta[d].depth)
		if d == uint32(len(t.dir)) {
			return 0
		}
	}
	return d << (maxDepth - t.depth)
}

func (t *Table) move(first, ref uint32) {
	to, ok := t.newSegment(segBuckets(ref))
	if !ok {
		return
	}
	copy(t.bucketsOf(to), t.bucketsOf(ref))
	t.setRef(first, to)
	t.freeSegment(ref)
}
