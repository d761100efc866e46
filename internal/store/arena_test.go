package store

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"pgregory.net/rapid"
)

func newArena(t interface {
	Helper()
	Fatalf(string, ...any)
	Cleanup(func())
}, reserve int64) *Arena {
	t.Helper()
	a, err := NewArena(reserve)
	if err != nil {
		t.Fatalf("NewArena: %v", err)
	}
	t.Cleanup(a.Close)
	return a
}

// settle does what the owner's background work does until nothing is left.
func settle(a *Arena) {
	for {
		r, ok := a.TakeDirty()
		if !ok {
			return
		}
		r.Release()
		a.PutClean(r)
	}
}

func TestClassWasteIsBounded(t *testing.T) {
	for n := 1; n <= maxSmall; n++ {
		c := classTemplates[classOf(n)]
		if int(c.size) < n {
			t.Fatalf("%d bytes: class of %d", n, c.size)
		}
		if n > 1 && n <= 128 && int(c.size)-n >= 8 || n > 128 && n <= 256 && int(c.size)-n >= 16 || n > 256 && (int(c.size)-n)*8 > n {
			t.Errorf("%d bytes: class of %d wastes too much", n, c.size)
		}
		if c.size%8 != 0 {
			t.Errorf("class of %d bytes", c.size)
		}
	}
	for _, c := range classTemplates {
		tail := int(c.pages)*pageSize - int(c.slots)*int(c.size)
		if tail*50 > int(c.pages)*pageSize || int(c.slots) == 0 {
			t.Errorf("class %d: span of %d pages holds %d blocks, tail %d", c.size, c.pages, c.slots, tail)
		}
	}
}

func TestNewArenaRefusesWhatHandlesCannotName(t *testing.T) {
	for _, n := range []int64{-1, 0, pageSize, MaxReserve + 1} {
		if a, err := NewArena(n); err == nil {
			a.Close()
			t.Errorf("NewArena(%d) succeeded", n)
		}
	}
	a := newArena(t, MaxReserve)
	if a.Used() != 0 || a.Committed() != 0 {
		t.Errorf("new arena uses %d, committed %d", a.Used(), a.Committed())
	}
}

func TestArenaCloseTwice(t *testing.T) {
	a, err := NewArena(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	a.Alloc(100)
	a.Close()
	a.Close()
	if a.Used() != 0 || a.Committed() != 0 {
		t.Errorf("closed arena uses %d, committed %d", a.Used(), a.Committed())
	}
}

func TestFreeOfNothingPanics(t *testing.T) {
	a := newArena(t, 1<<20)
	large := a.Alloc(100 << 10)
	a.Free(large)
	for _, h := range []Handle{0, large} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Free(%d) did not panic", h)
				}
			}()
			a.Free(h)
		}()
	}
}

func TestAllocIsZeroWhenExhaustedAndRecovers(t *testing.T) {
	for _, size := range []int{8, 56, 4096, 32 << 10, 100 << 10} {
		a := newArena(t, 1<<20)
		var hs []Handle
		for h := a.Alloc(size); h != 0; h = a.Alloc(size) {
			hs = append(hs, h)
		}
		a.check(t)
		if got := len(hs) * size; got < 1<<20*3/4 {
			t.Errorf("%d-byte blocks: only %d of 1 MiB could be had", size, got)
		}
		for _, n := range []int{2 << 20, math.MaxInt} {
			if h := a.Alloc(n); h != 0 {
				t.Errorf("a block larger than the reservation: %d", h)
			}
		}
		for _, h := range hs {
			a.Free(h)
		}
		a.check(t)
		if a.Used() != 0 {
			t.Errorf("%d-byte blocks: Used %d after all were freed", size, a.Used())
		}
		// Whatever the class was before, the memory serves any size now.
		if h := a.Alloc(1<<20 - 8*pageSize); h == 0 {
			t.Errorf("%d-byte blocks: freed memory cannot serve one large block", size)
		}
	}
}

func TestFreedMemoryServesOtherClasses(t *testing.T) {
	a := newArena(t, 1<<30)
	fill := func(size int) {
		var hs []Handle
		for range 32 << 20 / size {
			hs = append(hs, a.Alloc(size))
		}
		peak := a.Committed()
		if peak > 32<<20*108/100 {
			t.Errorf("32 MiB of %d-byte blocks commit %d", size, peak)
		}
		for _, h := range hs {
			a.Free(h)
		}
		a.check(t)
	}
	for _, size := range []int{48, 200, 1024, 5000, 40000, 1 << 20, 72, 16} {
		fill(size)
	}
	if int64(a.top)*pageSize > 40<<20 {
		t.Errorf("address space grew to %d for 32 MiB at a time", int64(a.top)*pageSize)
	}
}

func TestCommittedFallsAfterFree(t *testing.T) {
	a := newArena(t, 1<<30)
	var hs []Handle
	for range 1 << 19 {
		hs = append(hs, a.Alloc(64))
	}
	big := a.Alloc(64 << 20)
	peak := a.Committed()
	for _, h := range hs {
		a.Free(h)
	}
	a.Free(big)
	if a.Committed() > peak*3/4 {
		t.Errorf("without TakeDirty: %d of %d still committed", a.Committed(), peak)
	}
	settle(a)
	a.check(t)
	if a.Committed() > keepMinPages*pageSize {
		t.Errorf("all freed and released: %d still committed", a.Committed())
	}
}

func TestReleasedMemoryLeavesTheProcess(t *testing.T) {
	resident := func() int {
		b, err := os.ReadFile("/proc/self/statm")
		if err != nil {
			t.Fatal(err)
		}
		var size, pages int
		if _, err := fmt.Sscan(string(b), &size, &pages); err != nil {
			t.Fatal(err)
		}
		return pages * os.Getpagesize()
	}
	a := newArena(t, 1<<30)
	m := &arenaModel{a: a}
	before := resident()
	for range 1 << 16 {
		m.alloc(t, 1024)
	}
	m.alloc(t, 64<<20)
	// The kernel counts lazily, and Go's own heap comes and goes.
	if got := resident() - before; got < 96<<20 {
		t.Fatalf("128 MiB written, %d resident", got)
	}
	for len(m.live) > 0 {
		m.free(t, len(m.live)-1)
	}
	settle(a)
	if got := resident() - before; got > 32<<20 {
		t.Errorf("all released, %d of 128 MiB resident", got)
	}
}

func TestReleasedRunIsNotAllocatedUntilClean(t *testing.T) {
	a := newArena(t, 8<<20)
	big := a.Alloc(4 << 20)
	copy(a.Bytes(big, 4<<20), bytes.Repeat([]byte{1}, 4<<20))
	a.Free(big)
	r, ok := a.TakeDirty()
	if !ok {
		t.Fatal("4 MiB were freed and none are to be released")
	}
	a.check(t)
	start := uint32(uintptr(r.addr)-uintptr(a.Base())) / pageSize
	for h := a.Alloc(4096); h != 0; h = a.Alloc(4096) {
		if p := uint32(h) >> pageShift; p >= start && p < start+uint32(r.size/pageSize) {
			t.Fatalf("page %d was allocated while it was being released", p)
		}
	}
	r.Release()
	a.PutClean(r)
	a.check(t)
	h := a.Alloc(4096)
	if h == 0 {
		t.Fatal("a clean run cannot be allocated")
	}
	if got := a.Bytes(h, 1)[0]; got != 0 {
		t.Errorf("released memory still holds %d", got)
	}
}

func TestReleaseHasHysteresis(t *testing.T) {
	a := newArena(t, 4<<30)
	keep := a.Alloc(1 << 30)
	high := int64(1<<30) >> keepShift
	h := a.Alloc(int(high) - pageSize)
	a.Free(h)
	if r, ok := a.TakeDirty(); ok {
		t.Fatalf("%d bytes released below the high mark", r.size)
	}
	h = a.Alloc(int(high) + 100*pageSize)
	a.Free(h)
	settle(a)
	if kept := a.Committed() - a.Used(); kept > high/2 || kept < high/2-dirtyPages*pageSize {
		t.Errorf("%d kept of free pages, want about half of %d", kept, high)
	}
	a.Free(keep)
}

// Whatever state random frees leave, allocating and freeing a span in turn must not
// give the same pages back and fault them in each time.
func TestReleaseDoesNotChaseAllocation(t *testing.T) {
	m := &arenaModel{a: newArena(t, 1<<30)}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		m.alloc(t, 56)
	}
	rnd.Shuffle(len(m.live), func(i, j int) { m.live[i], m.live[j] = m.live[j], m.live[i] })
	for len(m.live) > 0 {
		m.free(t, len(m.live)-1)
	}
	faults := 0
	for range 10_000 {
		before := m.a.Committed()
		h := m.a.Alloc(56)
		if m.a.Committed() > before {
			faults++
		}
		m.a.Free(h)
	}
	if faults > 300 {
		t.Errorf("%d of 10,000 allocations took a page that had been given back", faults)
	}
}

func TestLargeRunsUseTheEndOfTheReservation(t *testing.T) {
	a := newArena(t, 8<<20)
	h := a.Alloc(5 << 20)
	if h == 0 {
		t.Fatal("5 of 8 MiB cannot be had")
	}
	a.Free(h)
	if h = a.Alloc(8<<20 - pageSize); h == 0 {
		t.Error("the free run at the end does not grow to the whole reservation")
	}
	a.check(t)
}

// Runs of one bin differ in length by up to a quarter.
func TestLargeRunsAreNeverTooShort(t *testing.T) {
	m := &arenaModel{a: newArena(t, 256<<20)}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		if len(m.live) > 60 || len(m.live) > 0 && rnd.IntN(3) == 0 {
			m.free(t, rnd.IntN(len(m.live)))
		} else {
			m.alloc(t, (64+rnd.IntN(200))*pageSize)
		}
		if rnd.IntN(50) == 0 {
			settle(m.a)
		}
	}
	m.verify(t)
}

func TestArenaOnSystemsWithLargePages(t *testing.T) {
	defer func(n int) { osPage = n }(osPage)
	osPage = 64 << 10
	m := &arenaModel{a: newArena(t, 64<<20)}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		for range 2000 {
			m.alloc(t, 1+rnd.IntN(20000))
		}
		for range len(m.live) * 3 / 4 {
			m.free(t, rnd.IntN(len(m.live)))
		}
		settle(m.a)
		m.verify(t)
	}
}

// block is what a test knows about a live block.
type block struct {
	h    Handle
	n    int
	seed byte
}

func (b block) fill(a *Arena) {
	for i, s := 0, a.Bytes(b.h, b.n); i < len(s); i++ {
		s[i] = b.seed + byte(i)
	}
}

func (b block) intact(a *Arena) bool {
	for i, c := range a.Bytes(b.h, b.n) {
		if c != b.seed+byte(i) {
			return false
		}
	}
	return true
}

// arenaModel is an arena with what it should hold.
type arenaModel struct {
	a      *Arena
	live   []block
	taken  []Run
	serial byte
}

func (m *arenaModel) alloc(t failer, n int) {
	h := m.a.Alloc(n)
	if h == 0 {
		return
	}
	if got := m.a.Cap(h); got < n || n > 256 && (got-n)*8 > n {
		t.Fatalf("Alloc(%d) has capacity %d", n, got)
	}
	if m.a.Ptr(h) == nil || m.a.ShouldMove(h) && m.a.spans[m.a.pages[h>>pageShift]].state != spanEvac {
		t.Fatalf("Alloc(%d): ShouldMove without an evacuation", n)
	}
	m.serial++
	b := block{h, m.a.Cap(h), m.serial}
	b.fill(m.a)
	m.live = append(m.live, b)
}

func (m *arenaModel) free(t failer, i int) {
	b := m.live[i]
	if !b.intact(m.a) {
		t.Fatalf("block %d of %d bytes was overwritten", b.h, b.n)
	}
	m.a.Free(b.h)
	m.live[i] = m.live[len(m.live)-1]
	m.live = m.live[:len(m.live)-1]
}

func (m *arenaModel) verify(t failer) {
	t.Helper()
	used := int64(0)
	for _, b := range m.live {
		if !b.intact(m.a) {
			t.Fatalf("block %d of %d bytes was overwritten", b.h, b.n)
		}
		used += int64(m.a.Cap(b.h))
	}
	if got := m.a.Used(); got != used {
		t.Fatalf("Used %d, live blocks hold %d", got, used)
	}
	m.a.check(t)
}

func TestArenaModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, err := NewArena(int64(rapid.SampledFrom([]int{64 << 10, 1 << 20, 16 << 20}).Draw(t, "reserve")))
		if err != nil {
			t.Fatalf("NewArena: %v", err)
		}
		defer a.Close()
		m := &arenaModel{a: a}
		size := rapid.OneOf(rapid.IntRange(1, 300), rapid.IntRange(1, maxSmall+1), rapid.IntRange(maxSmall, 700<<10))
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) { m.verify(t) },
			"alloc": func(t *rapid.T) {
				n := size.Draw(t, "bytes")
				for range rapid.IntRange(1, 1+20000/n).Draw(t, "times") {
					m.alloc(t, n)
				}
			},
			"free": func(t *rapid.T) {
				rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
				for range len(m.live) * rapid.IntRange(0, 100).Draw(t, "percent") / 100 {
					m.free(t, rnd.IntN(len(m.live)))
				}
			},
			"take": func(t *rapid.T) {
				if r, ok := a.TakeDirty(); ok {
					m.taken = append(m.taken, r)
				}
			},
			"put": func(t *rapid.T) {
				for _, r := range m.taken {
					r.Release()
					a.PutClean(r)
				}
				m.taken = nil
			},
			"defrag": func(t *rapid.T) {
				if rapid.Bool().Draw(t, "plan") {
					a.PlanDefrag()
				} else {
					m.forcePlan()
				}
				part := rapid.IntRange(0, len(m.live)).Draw(t, "part")
				m.move(t, m.live[:part])
			},
		})
	})
}

// forcePlan plans without asking whether it is worth it, so that small arenas
// evacuate too.
func (m *arenaModel) forcePlan() {
	m.a.unpick()
	for i := range m.a.classes {
		m.a.classes[i].moveBelow = m.a.classes[i].slots
	}
}

// move does the owner's part of a defragmentation.
func (m *arenaModel) move(t failer, blocks []block) {
	for i, b := range blocks {
		if !m.a.ShouldMove(b.h) {
			continue
		}
		h := m.a.Alloc(b.n)
		if h == 0 {
			continue
		}
		if m.a.spans[m.a.pages[h>>pageShift]].state == spanEvac {
			t.Fatalf("Alloc returned memory of a span that is being emptied")
		}
		copy(m.a.Bytes(h, b.n), m.a.Bytes(b.h, b.n))
		m.a.Free(b.h)
		blocks[i].h = h
	}
}
