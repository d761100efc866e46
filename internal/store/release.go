package store

import (
	"fmt"
	"math/bits"
	"unsafe"
)

// Free pages are kept for reuse up to a high mark, a 32nd of what is in use;
// above it they are given back until half of that remains. The gap keeps a
// steady workload from faulting the same pages in again and again.
const (
	keepShift    = 5
	keepMinPages = 16
	keepMaxPages = 16 << 10

	dirtyPages  = 1024 // pages of one Run at most: 4 MiB
	inlinePages = 64   // pages given back at most inside one Free
)

// Run is a range of free pages on its way back to the system.
type Run struct {
	id   uint32
	addr unsafe.Pointer
	size int
}

func (a *Arena) highMark() uint32 {
	keep := uint32(min(a.used.load()/pageSize, keepMaxPages<<keepShift)) >> keepShift
	return max(keep, keepMinPages)
}

// TakeDirty takes free pages out of circulation when more of them are resident
// than are worth keeping. The caller drops the lock, calls [Run.Release], takes
// the lock and calls [Arena.PutClean]; it repeats until there are none.
func (a *Arena) TakeDirty() (Run, bool) {
	high := a.highMark()
	if a.freeResident > high {
		a.releasing = true
	}
	if a.freeResident <= high/2 {
		a.releasing = false
	}
	if !a.releasing {
		return Run{}, false
	}
	return a.takeDirty(1, dirtyPages)
}

// takeDirty cuts at most limit pages out of a long free run that has at least
// least resident ones. It takes the last of them, because allocation takes the
// first pages of a run: otherwise a page could be given back and faulted in again
// and again.
func (a *Arena) takeDirty(least, limit uint32) (Run, bool) {
	id := a.longestResident(least)
	if id == 0 {
		return Run{}, false
	}
	a.leaveFree(id)
	sp := &a.spans[id]
	end := a.lastResident(sp.start+sp.pages) + 1
	start := max(sp.start+limit, end) - limit
	if before := start - sp.start; before > 0 {
		a.cut(id, before)
		rest := a.pages[start]
		a.leaveFree(rest)
		a.enterFree(id)
		id, sp = rest, &a.spans[rest]
	}
	if n := end - start; sp.pages > n {
		a.cut(id, n)
	}
	a.pages[sp.start] = id
	a.pages[sp.start+sp.pages-1] = id
	sp.state = spanDirty
	return Run{id: id, addr: unsafe.Add(a.base, int(sp.start)*pageSize), size: int(sp.pages) * pageSize}, true
}

func (a *Arena) longestResident(least uint32) uint32 {
	for w := len(a.runMap) - 1; w >= 0; w-- {
		for m := a.runMap[w]; m != 0; {
			b := 63 - bits.LeadingZeros64(m)
			id := a.runs[w*64+b]
			if uint32(a.spans[id].free) >= least {
				return id
			}
			m &^= 1 << b
		}
	}
	return 0
}

// lastResident returns the last page below end that may be resident. REQUIRES that
// there is one.
func (a *Arena) lastResident(end uint32) uint32 {
	w := (end - 1) / 64
	m := a.resident[w] & (^uint64(0) >> (63 - (end-1)%64))
	for m == 0 {
		w--
		m = a.resident[w]
	}
	return w*64 + 63 - uint32(bits.LeadingZeros64(m))
}

// Release gives the pages back to the system. Called WITHOUT the lock: it can
// take milliseconds.
func (r Run) Release() {
	mem := unsafe.Slice((*byte)(r.addr), r.size)
	if osPage > pageSize {
		// Only whole pages of the system can go. The others stay resident
		// although they count as given back: an error of one page a run.
		start := roundUp(int(uintptr(r.addr)), osPage) - int(uintptr(r.addr))
		end := (int(uintptr(r.addr))+r.size)/osPage*osPage - int(uintptr(r.addr))
		if start >= end {
			return
		}
		mem = mem[start:end]
	}
	if err := releaseMemory(mem); err != nil {
		panic(fmt.Sprintf("store: give back %d bytes: %v", len(mem), err))
	}
}

// PutClean makes the pages of a released run allocatable again.
func (a *Arena) PutClean(r Run) {
	sp := &a.spans[r.id]
	a.clearResident(sp.start, sp.pages)
	a.putRun(r.id, 0)
}

// releaseInline bounds what is kept when nobody calls TakeDirty, or frees come
// faster than it is called.
func (a *Arena) releaseInline() {
	if a.freeResident < 2*(keepMinPages+inlinePages) || a.freeResident < 2*a.highMark()+inlinePages {
		return
	}
	// A run with few resident pages is not worth a call of the system.
	if r, ok := a.takeDirty(inlinePages/2, inlinePages); ok {
		r.Release()
		a.PutClean(r)
	}
}
