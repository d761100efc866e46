package store

import "math/bits"

// A scan goes through a plane: across are the top maxDepth bits of the hash (the
// prefix), up are its bits 8-31 (the home position), counted in scanUnits. The
// number of units is a multiple of every possible number of buckets, so the
// border between two buckets is a whole number of units in any segment.
//
// The plane is divided into columns, ranges of prefixes that share their top d
// bits, and each column into tiles, ranges of home positions. One call of Scan
// emits one tile. The cursor is the lower left corner of the next tile:
//
//	bits 13-40  first prefix of the column
//	bits  8-12  d, once inside the column
//	bits  0-7   home position in units
//
// Guarantee: an entry that is in the table during the whole scan is emitted at
// least once. Proof. The width of a column is fixed when its first tile is
// emitted, and stays in the cursor until its last; the next column starts where
// it ends. A tile starts where the one below ends. So the tiles of a scan,
// whatever happens to the table in between, cover the plane without gap or
// overlap, and the entry's point lies in exactly one. When that tile was emitted,
// the segment that held the entry intersected the column, its home bucket
// intersected the tile, and scanTile walks every home bucket of every segment
// that intersect the tile, to the end of its displacement. QED. An entry that is
// not removed and added again is emitted exactly once.
//
// The cursor only grows, so a scan ends, however the table changes. The height of
// a tile is that of the smallest bucket that starts at its lower border, so a
// call emits one bucket of one segment; only where the table grew since the
// column was begun it emits one of each part.
const (
	scanUnits  = 192 // of 64 and 48
	unitBits   = 8
	depthBits  = 5
	columnBits = unitBits + depthBits
)

// tile is a rectangle of the plane, borders included below and left.
type tile struct {
	left, right uint32 // prefixes
	low, high   uint32 // units
}

func unitOf(hash uint64) uint32 { return homeOf(hash, scanUnits) }

func (tl tile) contains(hash uint64) bool {
	p, u := uint32(hash>>(64-maxDepth)), unitOf(hash)
	return tl.left <= p && p < tl.right && tl.low <= u && u < tl.high
}

// Scan emits some entries, about a bucket full, and returns the cursor for the
// next call, 0 at the end. It starts with cursor 0. The cursor has 41 bits at
// most; any value is safe. fn may remove the entry that it is given, no other.
func (t *Table) Scan(cursor uint64, fn func(Handle)) uint64 {
	tl, depth := t.tileAt(cursor)
	var space [64]Handle
	found := t.scanTile(space[:0], tl, depth)
	// Only now, because fn may change the table.
	for _, h := range found {
		fn(h)
	}
	if tl.high < scanUnits {
		return uint64(tl.left)<<columnBits | uint64(depth)<<unitBits | uint64(tl.high)
	}
	if tl.right == 1<<maxDepth {
		return 0
	}
	return uint64(tl.right) << columnBits
}

// tileAt returns the tile that starts at the cursor, and the depth of its column.
func (t *Table) tileAt(cursor uint64) (tl tile, depth uint8) {
	tl.left = uint32(cursor>>columnBits) & (1<<maxDepth - 1)
	tl.low = min(uint32(cursor)&(1<<unitBits-1), scanUnits-1)
	if tl.low == 0 {
		// A new column: as wide as the segment here, and not wider than its
		// start allows.
		depth = t.meta[tl.left>>(maxDepth-t.depth)].depth
		if tl.left != 0 {
			depth = max(depth, uint8(maxDepth-bits.TrailingZeros32(tl.left)))
		}
	} else {
		depth = min(uint8(cursor>>unitBits)&(1<<depthBits-1), maxDepth)
	}
	width := uint32(1) << (maxDepth - depth)
	tl.left &^= width - 1
	tl.right = tl.left + width
	tl.high = scanUnits
	t.eachSegment(tl, func(first uint32) {
		if ref := t.dir[first]; ref != 0 {
			height := scanUnits / segBuckets(ref)
			tl.high = min(tl.high, (tl.low/height+1)*height)
		}
	})
	return tl, depth
}

// eachSegment calls fn with the first directory slot of each segment that
// intersects the tile's column.
func (t *Table) eachSegment(tl tile, fn func(first uint32)) {
	shift := maxDepth - t.depth
	for d := t.first(tl.left >> shift); d <= (tl.right-1)>>shift; {
		fn(d)
		d += 1 << (t.depth - t.meta[d].depth)
	}
}

func (t *Table) scanTile(found []Handle, tl tile, depth uint8) []Handle {
	t.eachSegment(tl, func(first uint32) {
		found = t.scanSegment(found, first, tl, t.meta[first].depth >= depth)
	})
	return found
}

// scanSegment appends the entries of a segment that lie in the tile. inside says
// that the whole segment lies in the column.
func (t *Table) scanSegment(found []Handle, first uint32, tl tile, inside bool) []Handle {
	bs := t.bucketsOf(t.dir[first])
	n := uint32(len(bs))
	if n == 0 {
		return found
	}
	height := scanUnits / n
	low, high := tl.low/height, (tl.high-1)/height // home buckets
	exact := inside && tl.low%height == 0 && tl.high%height == 0
	for step := range n {
		at := (low + step) % n
		b := &bs[at]
		for i, r := range b.refs {
			if r == 0 {
				continue
			}
			h := Handle(r & refHandle)
			dist := b.dist(i)
			if home := (at + n - dist%n) % n; dist != distMany && (home < low || home > high) {
				continue
			}
			if exact && dist != distMany || tl.contains(t.hashOf(h)) {
				found = append(found, h)
			}
		}
		if low+step >= high && b.passed() == 0 {
			break
		}
	}
	return found
}
