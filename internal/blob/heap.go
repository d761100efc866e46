package blob

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/curfewkv/curfew/internal/store"
)

// Ref names a block: the arena in the high half, its handle there in the low one. 0 names none.
type Ref uint64

const (
	// maxArenas bounds the heap at 1 TiB, where each reserves what it may.
	maxArenas = 64
	// leastReserve is the least address space that an arena is worth.
	leastReserve = 1 << 20
	// headLen is more than the head, so that a value begins at a cache line: copies in and out are a quarter faster than
	// at an odd address.
	headLen = 64
)

// head is the beginning of a block.
type head struct {
	refs atomic.Uint64 // owners in the high half, readers in the low one
	cap  int64         // bytes of the block; immutable
	len  int           // bytes of the value; changed by a sole owner only
}

const (
	owner  = 1 << 32
	reader = 1
)

// Heap is the memory of large strings.
type Heap struct {
	reserve int64 // immutable: address space of each arena

	used atomic.Int64 // capacities of all blocks
	held atomic.Int64 // of those that have readers and no owner

	// Each is set once, in order, under mu. A holder of a Ref reaches its block without the lock.
	arenas [maxArenas]atomic.Pointer[store.Arena]

	mu   sync.Mutex // guards what is in the arenas
	n    int        // arenas there are
	next int        // the one to try first
}

// NewHeap makes a heap whose arenas reserve so much address space each, or less where the system grants less. It takes none
// before the first block.
func NewHeap(reserve int64) *Heap { return &Heap{reserve: reserve} }

// Close gives all memory back. Nothing of the heap may be in use after.
func (h *Heap) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.n {
		h.arenas[i].Load().Close()
	}
}

func (h *Heap) head(r Ref) *head {
	return (*head)(h.arenas[r>>32].Load().Ptr(store.Handle(r)))
}

// BlockSize is the memory that a value of n bytes is asked for with.
func BlockSize(n int) int { return headLen + n }

// Alloc makes a block for a value of n bytes, which are undefined, with slack bytes of room to grow. It has one owner. It
// reports false when the system refuses memory or address space.
func (h *Heap) Alloc(n, slack int) (Ref, bool) {
	h.mu.Lock()
	at, block := h.alloc(BlockSize(n + slack))
	if block == 0 {
		h.mu.Unlock()
		return 0, false
	}
	a := h.arenas[at].Load()
	capacity := int64(a.Cap(block))
	h.mu.Unlock()
	h.used.Add(capacity)
	b := (*head)(a.Ptr(block))
	b.refs.Store(owner)
	b.cap, b.len = capacity, n
	return Ref(at)<<32 | Ref(block), true
}

// alloc returns a block of n bytes and its arena; 0: there is none. REQUIRES: mu is held.
func (h *Heap) alloc(n int) (at int, block store.Handle) {
	for range h.n {
		if block = h.arenas[h.next].Load().Alloc(n); block != 0 {
			return h.next, block
		}
		h.next = (h.next + 1) % h.n
	}
	if h.n == maxArenas {
		return 0, 0
	}
	a := h.reserveFor(n)
	if a == nil {
		return 0, 0
	}
	h.arenas[h.n].Store(a)
	h.next = h.n
	h.n++
	return h.next, a.Alloc(n)
}

// reserveFor makes another arena, with room for a block of n bytes. As much as half of its address space must be left to all
// else. nil: the system does not grant that.
func (h *Heap) reserveFor(n int) *store.Arena {
	least := max(store.ReserveFor(n), leastReserve)
	for reserve := max(h.reserve, least); reserve <= store.MaxReserve; reserve = max(reserve/2, least) {
		if store.CanReserve(store.Footprint(reserve) / 2 * 3) {
			if a, err := store.NewArena(reserve); err == nil {
				return a
			}
		}
		if reserve == least {
			break
		}
	}
	return nil
}

// Bytes are the bytes of a value, borrowed from an owner.
func (h *Heap) Bytes(r Ref) []byte { return h.head(r).bytes() }

func (b *head) bytes() []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(b), headLen)), b.len)
}

// Len is the length of a value.
func (h *Heap) Len(r Ref) int { return h.head(r).len }

// Cap is the memory that a block takes.
func (h *Heap) Cap(r Ref) int { return int(h.head(r).cap) }

// Sole reports whether the calling owner is the only one that refers to the block: it may change the value then.
func (h *Heap) Sole(r Ref) bool { return h.head(r).refs.Load() == owner }

// SetLen changes the length of a value in place; bytes gained are undefined. It reports false when the block is too small.
// REQUIRES Sole.
func (h *Heap) SetLen(r Ref, n int) bool {
	if BlockSize(n) > h.Cap(r) {
		return false
	}
	h.head(r).len = n
	return true
}

// Own adds an owner. The caller is one.
func (h *Heap) Own(r Ref) { h.head(r).refs.Add(owner) }

// Disown takes the caller, an owner, away, and returns the bytes that were freed by it: none while others refer to them.
func (h *Heap) Disown(r Ref) (freed int64) {
	b := h.head(r)
	capacity := b.cap // once nobody owns it, a reader may free it at any time
	switch refs := b.refs.Add(^uint64(owner - 1)); {
	case refs == 0:
		h.free(r, capacity)
		return capacity
	case refs < owner:
		h.held.Add(capacity)
	}
	return 0
}

func (h *Heap) free(r Ref, capacity int64) {
	h.mu.Lock()
	h.arenas[r>>32].Load().Free(store.Handle(r))
	h.mu.Unlock()
	h.used.Add(-capacity)
}

// Used is the sum of the capacities of all blocks, each counted once however many refer to it.
func (h *Heap) Used() int64 { return h.used.Load() }

// Held is the part of Used that only readers refer to: its values are gone, and it is freed as soon as they are done.
func (h *Heap) Held() int64 { return h.held.Load() }

// Committed is the memory that may be resident.
func (h *Heap) Committed() (n int64) {
	for i := range h.arenas {
		a := h.arenas[i].Load()
		if a == nil {
			break
		}
		n += a.Committed()
	}
	return n
}

// ReleaseOne gives one freed run of pages back to the system, whose work is done outside the lock. It reports whether there
// was one.
func (h *Heap) ReleaseOne() bool {
	h.mu.Lock()
	a, run, ok := h.takeDirty()
	h.mu.Unlock()
	if !ok {
		return false
	}
	run.Release()
	h.mu.Lock()
	a.PutClean(run)
	h.mu.Unlock()
	return true
}

func (h *Heap) takeDirty() (*store.Arena, store.Run, bool) {
	for i := range h.n {
		a := h.arenas[i].Load()
		if run, ok := a.TakeDirty(); ok {
			return a, run, true
		}
	}
	return nil, store.Run{}, false
}
