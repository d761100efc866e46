package rdb

import (
	"math"
	"math/bits"
)

// Sizes of what Redis 7.0 allocates, on 64 bits.
const (
	sizeObject        = 16
	sizeDictEntry     = 24
	sizeDict          = 56
	sizePointer       = 8
	sizeQuicklist     = 40
	sizeQuicklistNode = 40
	sizeZset          = 16
	sizeSkiplist      = 32
	sizeSkiplistHead  = 24 + 32*16 // a node of all 32 levels
	sizeSkiplistNode  = 24         // and 16 for each level
	sizeSkiplistLevel = 16
	sizeStream        = 80
	sizeStreamID      = 16
	sizeGroup         = 40
	sizeConsumer      = 24
	sizePending       = 24
	sizeFieldExpiry   = 16 // in front of a field with a deadline, of Redis 7.4

	// sizeRadixNode is what MEMORY USAGE counts for a node of a radix tree: its head, and 30 words for what is in it.
	sizeRadixNode = 4 + 30*8
	// streamSpare is what the server asks for at once for the last node of a stream, to fill it.
	streamSpare = 4096
	// embedded is the longest string that is kept in the object itself.
	embedded = 44
	// smallestDict is the fewest buckets of a hash table.
	smallestDict = 4
)

// A layout tells what values take in memory. It is made once and read only.
type layout struct {
	quantum      int64   // spacing of jemalloc's smallest size classes
	skiplistNode float64 // the average node, over the levels that the server draws
}

func newLayout(quantum int64) layout {
	l := layout{quantum: quantum}
	share := 0.75 // a node has one level; each further one is drawn with probability 1/4
	for level := int64(1); level <= 32; level++ {
		l.skiplistNode += share * float64(l.class(sizeSkiplistNode+sizeSkiplistLevel*level))
		share /= 4
	}
	return l
}

// class is how many bytes jemalloc sets aside for n: size classes are four to a doubling, and the quantum apart at least.
func (l layout) class(n int64) int64 {
	switch {
	case n <= 8:
		return 8
	case n > math.MaxInt64/2:
		return n
	}
	spacing := max(l.quantum, int64(1)<<bits.Len64(uint64(n-1))/8)
	return (n + spacing - 1) / spacing * spacing
}

// str is a string of n bytes with its head and the zero behind it.
func (l layout) str(n int64) int64 {
	head := int64(17)
	switch {
	case n == 0:
		head = 3
	case n < 1<<5:
		head = 1
	case n < 1<<8:
		head = 3
	case n < 1<<16:
		head = 5
	case n < 1<<32:
		head = 9
	}
	return l.class(head + n + 1)
}

// key is the key itself and its entry in the table of the database.
func (l layout) key(n int64) int64 { return sizeDictEntry + l.str(n) }

// dict is a hash table of n members, without them.
func dict(n uint64) int64 {
	if n == 0 {
		return sizeDict
	}
	if n > math.MaxInt64/64 {
		return math.MaxInt64 / 4 // no file holds so many; the reading ends with an error
	}
	return sizeDict + sizePointer<<bits.Len64(max(n, smallestDict)-1)
}

// skiplist is a sorted set of n members, without their strings.
func (l layout) skiplist(n uint64) int64 {
	return sizeZset + sizeSkiplist + l.class(sizeSkiplistHead) + dict(n) +
		int64(float64(n)*(l.skiplistNode+sizeDictEntry))
}

// radix is a radix tree of stream ids, which has a node even when it is empty.
func radix(ids, nodes int64) int64 { return ids*sizeStreamID + max(nodes, 1)*sizeRadixNode }
