package store

import "unsafe"

// Drawn is an entry, and the bucket that refers to it.
type Drawn struct{ Entry, Bucket Handle }

const (
	// drawAhead is how many buckets are asked for before the first of them is read.
	drawAhead = 16
	// drawDense: from one entry that qualifies in so many slots on, buckets are drawn; where fewer do, segments are walked.
	drawDense = 32
	// drawTries bounds the buckets that are tried for each entry.
	drawTries = 16
	// drawWalks bounds the segments that are walked.
	drawWalks = 16
)

// Draw appends entries drawn at random to out: n or a few more, for they come by whole buckets, or fewer when it finds no
// more. What one bucket holds has nothing in common but hash bits, so its entries are as good as drawn one by one, and
// cost one cache miss together. With volatileOnly they have a deadline. A table with no more than n gives all it has, each once.
//
// The headers of the entries are on their way into the cache when it returns.
func (t *Table) Draw(rnd uint64, n int, volatileOnly bool, out []Drawn) []Drawn {
	want, mask := t.count, uint32(refHandle)
	if volatileOnly {
		want, mask = t.volatile, refVolatile
	}
	r := draws(rnd)
	if want <= n {
		return t.drawAll(want, mask, out)
	}
	before := len(out)
	if want*drawDense >= t.segments*maxBuckets*bucketSlots || len(t.dir) == 1 {
		out = t.drawBuckets(&r, n, want, mask, out)
	}
	if len(out) == before {
		out = t.drawWalk(&r, n, mask, out)
	}
	return out
}

// drawAll takes every entry that qualifies; there are want.
func (t *Table) drawAll(want int, mask uint32, out []Drawn) []Drawn {
	end := len(out) + want
	for d := uint32(0); len(out) < end; d += 1 << (t.depth - t.meta[d].depth) {
		if t.qualified(d, mask) > 0 {
			out = t.takeSegment(d, mask, out)
		}
	}
	return out
}

// drawBuckets takes whole buckets, each as likely as another: a segment is drawn by its first directory slot only, and a
// bucket among as many as the largest segment has. want is how many entries of the table qualify.
func (t *Table) drawBuckets(r *draws, n, want int, mask uint32, out []Drawn) []Drawn {
	most := uint32(maxBuckets)
	if len(t.dir) == 1 {
		most = segBuckets(t.dir[0])
	}
	each := max(1, want/(t.segments*int(most))) // about how many entries of a bucket qualify
	end, limit := len(out)+n, sampleTries+n*drawTries
	var at [drawAhead]Handle
	for tries := 0; len(out) < end && tries < limit; {
		k := 0
		for ahead := min(drawAhead, (end-len(out)-1)/each+1); k < ahead && tries < limit; tries++ {
			d, b := r.below(uint32(len(t.dir))), r.below(most)
			ref := t.dir[d]
			if ref == 0 || b >= segBuckets(ref) || d != t.first(d) {
				continue
			}
			at[k] = segHandle(ref) + Handle(b*uint32(bucketUnits))
			prefetch(t.arena.Ptr(at[k]))
			k++
		}
		for _, b := range at[:k] {
			out = t.takeBucket(b, mask, out)
		}
	}
	return out
}

// drawWalk takes whole segments that hold rare entries, each as likely as another. Parts of them would not do: what lies
// behind a long gap would come up more often.
func (t *Table) drawWalk(r *draws, n int, mask uint32, out []Drawn) []Drawn {
	end := len(out) + n
	for walks, tries := 0, 0; len(out) < end && walks < drawWalks; tries++ {
		d := r.below(uint32(len(t.dir)))
		if tries > sampleTries { // few segments hold any: from here on, the next that does
			d = t.nextQualified(d, mask)
		}
		if d != t.first(d) || t.qualified(d, mask) == 0 {
			continue
		}
		walks++
		out = t.takeSegment(d, mask, out)
	}
	return out
}

// nextQualified is the first segment from a directory slot on, cyclically, that holds an entry which qualifies. REQUIRES: there is one.
func (t *Table) nextQualified(d uint32, mask uint32) uint32 {
	for d = t.first(d); t.qualified(d, mask) == 0; {
		d += 1 << (t.depth - t.meta[d].depth)
		if d == uint32(len(t.dir)) {
			d = 0
		}
	}
	return d
}

// qualified is how many entries of a segment qualify.
func (t *Table) qualified(first, mask uint32) uint32 {
	if mask == refVolatile {
		return uint32(t.meta[first].volatile)
	}
	return uint32(t.meta[first].count)
}

// takeSegment takes the entries of a segment that qualify.
func (t *Table) takeSegment(first, mask uint32, out []Drawn) []Drawn {
	seg, n := segHandle(t.dir[first]), segBuckets(t.dir[first])
	for b := range n {
		out = t.takeBucket(seg+Handle(b*uint32(bucketUnits)), mask, out)
	}
	return out
}

// takeBucket takes the entries of a bucket that qualify and asks for their headers.
func (t *Table) takeBucket(b Handle, mask uint32, out []Drawn) []Drawn {
	for _, ref := range (*bucket)(t.arena.Ptr(b)).refs {
		if ref&mask != 0 {
			h := Handle(ref & refHandle)
			prefetch(t.arena.Ptr(h))
			out = append(out, Drawn{h, b})
		}
	}
	return out
}

// Prefetch asks for the memory of an entry that is about to be removed and of the bucket that is thought to refer to it,
// without waiting. Neither has to be there any more. Needs no lock.
func (a *Arena) Prefetch(d Drawn) {
	prefetch(a.Ptr(d.Bucket))
	p := a.Ptr(d.Entry)
	prefetch(p)
	prefetch(unsafe.Add(p, cacheLine))
}
