package store

const (
	// sampleDense: from one entry wanted in so many slots on, slots are drawn
	// until one hits; below that, segments are.
	sampleDense = 8
	// sampleTries bounds the draws before a walk over neighbours.
	sampleTries = 128
)

// draws is a sequence of pseudo-random numbers (splitmix64).
type draws uint64

func (r *draws) below(n uint32) uint32 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return uint32((z ^ z>>31) >> 32 * uint64(n) >> 32)
}

// Sample hands n entries to fn, drawn independently (one may come twice), or
// none when the table has none. With volatileOnly they have a deadline. Draws
// are uniform where one slot in 8 qualifies; where fewer do, they favour entries
// behind long gaps a little. fn may change the table.
//
// Only the directory and the buckets are read, so a rare volatile entry costs a
// look at some counters and one segment, not at entries.
func (t *Table) Sample(rnd uint64, n int, volatileOnly bool, fn func(Handle)) {
	r := draws(rnd)
	for range n {
		want := t.count
		mask := uint32(refHandle)
		if volatileOnly {
			want, mask = t.volatile, refVolatile
		}
		if want == 0 {
			return
		}
		h := Handle(0)
		if want*sampleDense >= t.segments*maxBuckets*bucketSlots || len(t.dir) == 1 {
			h = t.drawSlot(&r, mask)
		}
		if h == 0 {
			h = t.drawSegment(&r, mask, want)
		}
		fn(h)
	}
}

// drawSlot draws slots until one qualifies. Each slot of each segment is equally
// likely: a segment is drawn by its first directory slot only, and a slot among
// as many as the largest segment has.
func (t *Table) drawSlot(r *draws, mask uint32) Handle {
	most := uint32(maxBuckets)
	if len(t.dir) == 1 {
		most = segBuckets(t.dir[0])
	}
	for range sampleTries {
		d := r.below(uint32(len(t.dir)))
		b, i := r.below(most), r.below(bucketSlots)
		ref := t.dir[d]
		if ref == 0 || b >= segBuckets(ref) || d != t.first(d) {
			continue
		}
		if s := t.bucket(segHandle(ref), b).refs[i]; s&mask != 0 {
			return Handle(s & refHandle)
		}
	}
	return 0
}

// drawSegment draws segments, weighted by how many entries qualify, then one of
// those. REQUIRES want > 0, their number.
func (t *Table) drawSegment(r *draws, mask uint32, want int) Handle {
	// Segments with more than this are few, and drawn a little too rarely.
	weight := uint32(4*want/t.segments + 2)
	var d uint32
	for range sampleTries {
		d = r.below(uint32(len(t.dir)))
		if d == t.first(d) && r.below(weight) < t.qualified(d, mask) {
			return t.nth(d, mask, r.below(t.qualified(d, mask)))
		}
	}
	d = t.nextQualified(d, mask)
	return t.nth(d, mask, r.below(t.qualified(d, mask)))
}

// nth returns the k-th entry of a segment that qualifies.
func (t *Table) nth(first, mask, k uint32) Handle {
	bs := t.bucketsOf(t.dir[first])
	for i := range bs {
		for _, s := range bs[i].refs {
			if s&mask == 0 {
				continue
			}
			if k == 0 {
				return Handle(s & refHandle)
			}
			k--
		}
	}
	panic("store: segment holds fewer entries than it counts")
}
