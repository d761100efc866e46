package blob

import (
	"bytes"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/curfewkv/curfew/internal/store"
)

func newTestHeap(t interface{ Cleanup(func()) }, reserve int64) *Heap {
	h := NewHeap(reserve)
	t.Cleanup(h.Close)
	return h
}

func alloc(t interface{ Fatal(...any) }, h *Heap, n, slack int, fill byte) Ref {
	r, ok := h.Alloc(n, slack)
	if !ok {
		t.Fatal("no memory")
	}
	b := h.Bytes(r)
	for i := range b {
		b[i] = fill
	}
	return r
}

// Blocks live exactly as long as anybody refers to them, and keep their bytes for readers.
func TestReferencesAgainstAModel(t *testing.T) {
	type block struct {
		ref    Ref
		fill   byte
		owners int
		reads  []*Reading
	}
	rapid.Check(t, func(t *rapid.T) {
		h := NewHeap(1 << 21) // small: more arenas are added
		defer h.Close()
		var blocks []*block
		pick := func(t *rapid.T) *block {
			if len(blocks) == 0 {
				t.Skip("no blocks")
			}
			return rapid.SampledFrom(blocks).Draw(t, "block")
		}
		fill := byte(0)
		t.Repeat(map[string]func(*rapid.T){
			"alloc": func(t *rapid.T) {
				fill++
				n, slack := rapid.IntRange(0, 1<<20).Draw(t, "n"), rapid.IntRange(0, 1<<18).Draw(t, "slack")
				if len(blocks) < 40 {
					blocks = append(blocks, &block{ref: alloc(t, h, n, slack, fill), fill: fill, owners: 1})
				}
			},
			"own": func(t *rapid.T) {
				if b := pick(t); b.owners > 0 {
					h.Own(b.ref)
					b.owners++
				}
			},
			"disown": func(t *rapid.T) {
				b := pick(t)
				if b.owners == 0 {
					return
				}
				b.owners--
				last := b.owners == 0 && len(b.reads) == 0
				size := int64(h.Cap(b.ref))
				if freed := h.Disown(b.ref); freed != 0 != last || last && freed != size {
					t.Fatalf("freed %d of %d bytes, %d owners and %d readers are left", freed, size, b.owners, len(b.reads))
				}
			},
			"read": func(t *rapid.T) {
				b := pick(t)
				if b.owners == 0 {
					return
				}
				to := rapid.IntRange(0, h.Len(b.ref)).Draw(t, "to")
				b.reads = append(b.reads, h.Read(b.ref, rapid.IntRange(0, to).Draw(t, "from"), to))
			},
			"release": func(t *rapid.T) {
				b := pick(t)
				if n := len(b.reads); n > 0 {
					b.reads[n-1].Release()
					b.reads = b.reads[:n-1]
				}
			},
			"write": func(t *rapid.T) {
				b := pick(t)
				sole := b.owners == 1 && len(b.reads) == 0
				if b.owners > 0 && h.Sole(b.ref) != sole {
					t.Fatalf("sole is %v with %d owners, %d readers", !sole, b.owners, len(b.reads))
				}
				if n := rapid.IntRange(0, 1<<20).Draw(t, "n"); sole {
					if fits := BlockSize(n) <= h.Cap(b.ref); h.SetLen(b.ref, n) != fits || fits && h.Len(b.ref) != n {
						t.Fatalf("length %d in a block of %d: %d", n, h.Cap(b.ref), h.Len(b.ref))
					}
					fill++
					b.fill = fill
					v := h.Bytes(b.ref)
					for i := range v {
						v[i] = fill
					}
				}
			},
			"give back": func(t *rapid.T) {
				for h.ReleaseOne() {
				}
			},
			"": func(t *rapid.T) {
				used, held := int64(0), int64(0)
				live := blocks[:0]
				for _, b := range blocks {
					if b.owners == 0 && len(b.reads) == 0 {
						continue
					}
					live = append(live, b)
					used += int64(h.Cap(b.ref))
					views := [][]byte{h.Bytes(b.ref)}
					if b.owners == 0 {
						held += int64(h.Cap(b.ref))
					}
					for _, r := range b.reads {
						views = append(views, r.Bytes())
					}
					for _, v := range views {
						if bytes.Count(v, []byte{b.fill}) != len(v) {
							t.Fatalf("bytes of a block changed")
						}
					}
				}
				blocks = live
				if h.Used() != used || h.Held() != held || h.Committed() < used {
					t.Fatalf("%d bytes in use, %d held, %d committed; want %d and %d", h.Used(), h.Held(), h.Committed(), used, held)
				}
			},
		})
		for _, b := range blocks {
			for range b.owners {
				h.Disown(b.ref)
			}
			for _, r := range b.reads {
				r.Release()
			}
		}
		if h.Used() != 0 || h.Held() != 0 {
			t.Fatalf("%d bytes in use, %d held, by nobody", h.Used(), h.Held())
		}
	})
}

// References are given up by other goroutines than those that change the keys.
func TestReadersOnOtherGoroutines(t *testing.T) {
	h := newTestHeap(t, 1<<28)
	var all sync.WaitGroup
	reads := make(chan *Reading, 100)
	for range 4 {
		all.Go(func() {
			for r := range reads {
				if b := r.Bytes(); bytes.Count(b, b[:1]) != len(b) {
					t.Error("bytes changed under a reader")
				}
				r.Release()
			}
		})
	}
	for i := range 2000 {
		r := alloc(t, h, 100_000, 0, byte(i))
		for range 3 {
			reads <- h.Read(r, 0, 100_000)
		}
		if h.Sole(r) {
			b := h.Bytes(r)
			for j := range b {
				b[j] = 0
			}
		}
		h.Disown(r)
	}
	close(reads)
	all.Wait()
	if h.Used() != 0 || h.Held() != 0 {
		t.Errorf("%d bytes in use, %d held, by nobody", h.Used(), h.Held())
	}
}

func TestAReferenceIsReleasedOnce(t *testing.T) {
	h := newTestHeap(t, 1<<24)
	x := h.Read(alloc(t, h, 1000, 0, 1), 0, 10)
	x.Release()
	defer func() {
		if recover() == nil {
			t.Error("a second release went unnoticed")
		}
	}()
	x.Release()
}

// A block larger than what the arenas reserve gets an arena of its own; one that no handle can name is refused.
func TestABlockLargerThanAnArena(t *testing.T) {
	h := newTestHeap(t, 1<<21)
	small := alloc(t, h, 100_000, 0, 1)
	big := alloc(t, h, 64<<20, 0, 2)
	if h.n != 2 {
		t.Errorf("%d arenas", h.n)
	}
	if _, ok := h.Alloc(store.MaxReserve, 0); ok {
		t.Error("a block of 16 GiB was made")
	}
	h.Disown(big)
	h.Disown(small)
	for h.ReleaseOne() {
	}
	if h.Used() != 0 || h.Committed() > 1<<20 {
		t.Errorf("%d bytes in use, %d committed after everything was freed", h.Used(), h.Committed())
	}
}
