package store

import (
	"fmt"
	"unsafe"
)

// Handle names a block of an [Arena]: its offset in units of 8 bytes, 31 bits.
// Zero names no block.
type Handle uint32

const (
	unit      = 8
	pageSize  = 4096
	pageShift = 9 // from handle units to pages

	// MaxReserve is the largest address space of one arena: what 31 bits of
	// handle can name.
	MaxReserve = 16 << 30
)

// Arena is the memory of one shard. REQUIRES for every method that does not say
// otherwise: the lock of the shard is held.
//
// Layout of the mapping: data pages (page 0 is never used, so that handle 0 is
// free to mean none), then the page table, the span table and the residency
// bitmap. Each part is committed as far as the data pages need it.
type Arena struct {
	base unsafe.Pointer // immutable

	pages []uint32 // page -> span; exact for first and last page of a run, and for all of a small span
	spans []span

	classes [numClasses]class

	used      counter // bytes, capacities of live blocks
	committed counter // bytes, pages that may be resident

	mem      []byte   // the whole mapping
	resident []uint64 // bit per page: may be resident
	layout   layout
	limit    uint32 // pages of the reservation
	top      uint32 // first page not yet committed

	spanTop  uint32 // first span number never used
	spanFree uint32 // list of span numbers to reuse, by next

	runs         [runBins]uint32 // free runs by length
	runMap       [runBins / 64]uint64
	freeResident uint32 // pages of free runs that may be resident
	releasing    bool   // giving back until the low mark is reached

	evac uint32 // spans being evacuated
}

// layout holds the offsets of the metadata in the mapping.
type layout struct {
	pages, spans, resident, end int
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

func newLayout(pages int) layout {
	grain := max(osPage, pageSize)
	var l layout
	l.pages = roundUp(pages*pageSize, grain)
	l.spans = l.pages + roundUp((pages+1)*4, grain)
	l.resident = l.spans + roundUp((pages+3)*spanSize, grain)
	l.end = l.resident + roundUp((pages+63)/64*8, grain)
	return l
}

// Footprint is the address space that an arena for reserve bytes of blocks takes.
func Footprint(reserve int64) int64 { return int64(newLayout(int(reserve / pageSize)).end) }

// ReserveFor is the least that an arena reserves to have a block of n bytes.
func ReserveFor(n int) int64 { return int64(roundUp(n, pageSize) + pageSize) }

// CanReserve reports whether the system grants n bytes of address space now: under a limit of the process (ulimit -v), or
// where addresses have few bits, it may not.
func CanReserve(n int64) bool {
	m, err := reserveMemory(int(n))
	if err != nil {
		return false
	}
	_ = unmapMemory(m)
	return true
}

// NewArena reserves address space for reserve bytes of blocks. No memory is
// taken until blocks are.
func NewArena(reserve int64) (*Arena, error) {
	if reserve < 2*pageSize || reserve > MaxReserve {
		return nil, fmt.Errorf("store: cannot reserve %d bytes: allowed are %d to %d", reserve, 2*pageSize, int64(MaxReserve))
	}
	pages := int(reserve / pageSize)
	l := newLayout(pages)
	mem, err := reserveMemory(l.end)
	if err != nil {
		return nil, err
	}
	base := unsafe.Pointer(&mem[0])
	a := &Arena{
		base:     base,
		mem:      mem,
		layout:   l,
		pages:    unsafe.Slice((*uint32)(unsafe.Add(base, l.pages)), pages+1),
		spans:    unsafe.Slice((*span)(unsafe.Add(base, l.spans)), pages+3),
		resident: unsafe.Slice((*uint64)(unsafe.Add(base, l.resident)), (pages+63)/64),
		classes:  classTemplates,
		limit:    uint32(pages),
		top:      1,
		spanTop:  1,
	}
	if err = a.commitMetadata(0, 1); err != nil {
		_ = unmapMemory(mem)
		return nil, fmt.Errorf("store: commit metadata: %w", err)
	}
	a.spans[0].state = spanUnused // so that freeing handle 0 panics
	return a, nil
}

// Close unmaps everything. No block, entry or table of the arena may be touched
// after.
func (a *Arena) Close() {
	if a.mem == nil {
		return
	}
	mem := a.mem
	a.mem, a.pages, a.spans, a.resident, a.base = nil, nil, nil, nil, nil
	a.used.add(-a.used.load())
	a.committed.add(-a.committed.load())
	if err := unmapMemory(mem); err != nil {
		panic(fmt.Sprintf("store: unmap: %v", err))
	}
}

// Base is the address of handle 0.
func (a *Arena) Base() unsafe.Pointer { return a.base }

// Ptr returns the address of a block. It stays valid until the block is freed.
func (a *Arena) Ptr(h Handle) unsafe.Pointer {
	return unsafe.Add(a.base, uintptr(h)*unit)
}

// Bytes returns the first n bytes of a block.
func (a *Arena) Bytes(h Handle, n int) []byte {
	return unsafe.Slice((*byte)(a.Ptr(h)), n)
}

// Used is the sum of the capacities of all live blocks. Needs no lock.
func (a *Arena) Used() int64 { return a.used.load() }

// Committed is what the data pages may occupy in memory: pages in spans and
// runs, and free pages not yet given back. Needs no lock.
func (a *Arena) Committed() int64 { return a.committed.load() }

// Cap returns the usable bytes of a block.
func (a *Arena) Cap(h Handle) int {
	sp := &a.spans[a.pages[h>>pageShift]]
	if sp.state == spanLarge {
		return int(sp.pages) * pageSize
	}
	return int(a.classes[sp.class].size)
}

// Alloc returns a block of at least n bytes with undefined contents, or 0 when
// the reservation is exhausted or the system refuses memory.
func (a *Arena) Alloc(n int) Handle {
	if n > maxSmall {
		return a.allocLarge(n)
	}
	c := &a.classes[classOf(max(n, 1))]
	for {
		sp := &a.spans[c.cur]
		h := sp.free
		switch {
		case h != 0:
			if sp.free = *(*Handle)(a.Ptr(h)); sp.free != 0 {
				next := a.Ptr(sp.free) // freed long ago, as a rule; it is read when it is taken in turn, and written
				prefetch(next)
				prefetch(unsafe.Add(next, cacheLine))
			}
		case sp.bump < c.slots && c.cur != 0:
			h = Handle(sp.start<<pageShift + uint32(sp.bump)*c.units)
			sp.bump++
		case a.refill(c):
			continue
		default:
			return 0
		}
		sp.used++
		c.live++
		a.used.add(int64(c.size))
		return h
	}
}

// Free returns a block. Freeing a large run costs no more than a small one: its
// pages stay resident until [Arena.TakeDirty] hands them out.
func (a *Arena) Free(h Handle) {
	id := a.pages[h>>pageShift]
	sp := &a.spans[id]
	if sp.state >= spanLarge {
		a.freeLarge(id, sp)
		return
	}
	c := &a.classes[sp.class]
	*(*Handle)(a.Ptr(h)) = sp.free
	sp.free = h
	sp.used--
	c.live--
	a.used.add(-int64(c.size))
	if sp.used < sp.low {
		a.demote(id, sp, c)
	}
}

func (a *Arena) allocLarge(n int) Handle {
	if n > int(a.limit)*pageSize {
		return 0
	}
	id := a.takeRun(uint32((n + pageSize - 1) / pageSize))
	if id == 0 {
		return 0
	}
	sp := &a.spans[id]
	sp.state = spanLarge
	a.used.add(int64(sp.pages) * pageSize)
	return Handle(sp.start << pageShift)
}

func (a *Arena) freeLarge(id uint32, sp *span) {
	if sp.state != spanLarge {
		panic("store: free of a block that is not in use")
	}
	a.used.add(-int64(sp.pages) * pageSize)
	a.putRun(id, sp.pages)
}
