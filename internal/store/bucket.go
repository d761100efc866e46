package store

import (
	"math/bits"
	"unsafe"
)

// bucket is one cache line:
//
//	tags    8 bits of the hash, never 0; 0 marks a free slot
//	state   bits 0-7: how many entries whose home is this bucket or an earlier
//	        one lie behind it; 255 means many, for good
//	        bits 8-31: for each slot how far its entry is from home: 0, 1, 2,
//	        or 3 for more
//	refs    handle, with bit 31 set when the entry has a deadline
//
// A lookup walks from the home bucket on and stops at the first bucket that
// nothing was displaced past. Distances let entries move back when room appears
// and tell the home of an entry without touching it.
type bucket struct {
	tags  [bucketSlots]uint8
	state uint32
	refs  [bucketSlots]uint32
}

const (
	bucketSlots = 12
	bucketSize  = int(unsafe.Sizeof(bucket{}))
	bucketUnits = bucketSize / unit

	passedMany   = 0xff
	distShift    = 8
	distMany     = 3
	refVolatile  = 1 << 31
	refHandle    = refVolatile - 1
	everyByte    = 0x0101010101010101
	everyHighBit = 0x8080808080808080

	everyByte32    = 0x01010101
	everyHighBit32 = 0x80808080
)

// tagOf takes the low 8 bits of the hash, with 0 moved to 1.
func tagOf(hash uint64) uint8 {
	t := uint8(hash)
	if t == 0 {
		t = 1
	}
	return t
}

// homeOf returns the home bucket among n, by hash bits 8-31: a scaling rather
// than a mask, so that n need not be a power of two and the order of homes is
// the order of those bits whatever n is.
func homeOf(hash uint64, n uint32) uint32 {
	return uint32(hash >> 8 & 0xffffff * uint64(n) >> 24)
}

// matchLow and matchHigh return a mask with bit 7 set in each byte of the tags 0-7
// and 8-11 that equals t. A byte above a true match may be set falsely; the lowest
// set bit is always true.
func (b *bucket) matchLow(t uint8) uint64 {
	return zeroBytes(*(*uint64)(unsafe.Pointer(&b.tags[0])) ^ uint64(t)*everyByte)
}

func (b *bucket) matchHigh(t uint8) uint64 {
	return zeroBytes(uint64(*(*uint32)(unsafe.Pointer(&b.tags[8]))^uint32(t)*everyByte32)) & everyHighBit32
}

func zeroBytes(x uint64) uint64 { return (x - everyByte) & ^x & everyHighBit }

// freeSlot returns the first free slot, or bucketSlots.
func (b *bucket) freeSlot() int {
	if m := b.matchLow(0); m != 0 {
		return bits.TrailingZeros64(m) >> 3
	}
	if m := b.matchHigh(0); m != 0 {
		return 8 + bits.TrailingZeros64(m)>>3
	}
	return bucketSlots
}

// passed is how many entries were displaced past the bucket.
func (b *bucket) passed() uint8 { return uint8(b.state) }

func (b *bucket) incPassed() {
	if b.passed() != passedMany {
		b.state++
	}
}

func (b *bucket) decPassed() {
	if b.passed() != passedMany {
		b.state--
	}
}

func (b *bucket) dist(i int) uint32 { return b.state >> (distShift + 2*i) & distMany }

func (b *bucket) set(i int, tag uint8, ref, dist uint32) {
	b.tags[i] = tag
	b.refs[i] = ref
	s := distShift + 2*i
	b.state = b.state&^(distMany<<s) | min(dist, distMany)<<s
}

func (b *bucket) clear(i int) { b.set(i, 0, 0, 0) }
