package store

const (
	// maxSmall is the largest block served from a span; above it a block is a
	// run of whole pages, whose rounding then wastes at most one part in nine.
	maxSmall   = 32 << 10
	numClasses = 16 + 8 + 7*8
	// maxSpanPages bounds a span, so that few are sparsely used.
	maxSpanPages = 16
	// maxSpanWaste is the part (one in n) of a span that its tail and its
	// metadata may cost. The smallest span that satisfies it is taken.
	maxSpanWaste = 128
	numBins      = 4
)

// class is one block size with the spans that serve it.
type class struct {
	size  uint32 // bytes of a block
	units uint32 // size in handle units
	slots uint16 // blocks of a span
	pages uint16 // pages of a span

	cur  uint32 // span that serves allocations; in no list
	live uint32 // blocks in use
	all  uint32 // spans of the class

	// bins hold the spans with room, by fullness in quarters. Allocation
	// takes from the fullest bin, so that sparse spans drain.
	bins   [numBins]uint32
	binned [numBins]uint32 // spans in each bin
	lows   [numBins]uint16 // fewest blocks in use that a bin admits

	evacSpans uint32 // spans picked for evacuation
	evacLive  uint32 // blocks in use in them
	moveBelow uint16 // a span with fewer blocks in use may be picked; 0: none
}

// bin returns the bin for a span with used blocks. REQUIRES 0 < used < slots.
func (c *class) bin(used uint16) int {
	for b := numBins - 1; b > 0; b-- {
		if used >= c.lows[b] {
			return b
		}
	}
	return 0
}

// classTemplates is copied into each arena.
var classTemplates = makeClasses()

// classByUnit maps (n+7)/8 for n up to 1024, classByStep maps (n-1024+127)/128
// above, to the class of an allocation of n bytes.
var (
	classByUnit [1024/8 + 1]uint8
	classByStep [(maxSmall-1024)/128 + 1]uint8
)

func init() {
	at := func(n int) uint8 {
		for i := range classTemplates {
			if int(classTemplates[i].size) >= n {
				return uint8(i)
			}
		}
		panic("store: no size class")
	}
	for i := range classByUnit {
		classByUnit[i] = at(max(i*8, 1))
	}
	for i := range classByStep {
		classByStep[i] = at(1024 + i*128)
	}
}

func makeClasses() [numClasses]class {
	var cs [numClasses]class
	n := 0
	add := func(size int) {
		cs[n] = newClass(size)
		n++
	}
	for s := 8; s <= 128; s += 8 {
		add(s)
	}
	for s := 144; s <= 256; s += 16 {
		add(s)
	}
	for s := 256; s < maxSmall; s *= 2 {
		for i := 1; i <= 8; i++ {
			add(s + s/8*i)
		}
	}
	return cs
}

func newClass(size int) class {
	pages := spanPages(size)
	c := class{
		size:  uint32(size),
		units: uint32(size / unit),
		slots: uint16(pages * pageSize / size),
		pages: uint16(pages),
	}
	for b := range c.lows {
		c.lows[b] = uint16(max(1, (int(c.slots)*b+numBins-1)/numBins))
	}
	return c
}

// spanPages picks the length of a span: the smallest whose waste is small
// enough, else the one with the least waste.
func spanPages(size int) int {
	best, bestWaste := 0, 1.0
	for p := 1; p <= maxSpanPages; p++ {
		bytes := p * pageSize
		if bytes < size {
			continue
		}
		waste := float64(bytes%size+spanSize) / float64(bytes)
		if waste*maxSpanWaste <= 1 {
			return p
		}
		if waste < bestWaste {
			best, bestWaste = p, waste
		}
	}
	return best
}

// classOf returns the class for n bytes. REQUIRES 0 < n <= maxSmall.
func classOf(n int) uint8 {
	if n <= 1024 {
		return classByUnit[(n+7)>>3]
	}
	return classByStep[(n-1024+127)>>7]
}
