package store

import (
	"math/rand/v2"
	"testing"
)

// sparse fills an arena with blocks and frees a part of them at random.
func sparse(t *testing.T, a *Arena, size, count, keepPercent int) *arenaModel {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	m := &arenaModel{a: a}
	for range count {
		m.alloc(t, size)
	}
	for i := len(m.live) - 1; i >= 0; i-- {
		if rnd.IntN(100) >= keepPercent {
			m.free(t, i)
		}
	}
	rnd.Shuffle(len(m.live), func(i, j int) { m.live[i], m.live[j] = m.live[j], m.live[i] })
	settle(a)
	return m
}

func TestDefragPacksSparseSpans(t *testing.T) {
	for _, keep := range []int{5, 30, 70, 85} {
		a := newArena(t, 1<<30)
		m := sparse(t, a, 56, 400_000, keep)
		before, top, used := a.Committed(), a.top, a.Used()
		if !a.PlanDefrag() {
			t.Fatalf("%d%% kept: %d committed for %d used is not worth packing", keep, before, used)
		}
		peak := before
		for i := range m.live {
			m.move(t, m.live[i:i+1])
			peak = max(peak, a.Committed())
		}
		settle(a)
		m.verify(t)
		after := a.Committed()
		t.Logf("%d%% kept: used %d, committed %d -> %d", keep, used, before, after)
		if a.Used() != used {
			t.Errorf("%d%% kept: Used went from %d to %d", keep, used, a.Used())
		}
		if after > used*112/100+keepMinPages*pageSize {
			t.Errorf("%d%% kept: %d committed for %d used after packing", keep, after, used)
		}
		if peak > before+2*int64(a.classes[classOf(56)].pages)*pageSize || a.top != top {
			t.Errorf("%d%% kept: packing took new memory: %d to %d", keep, before, peak)
		}
		if a.PlanDefrag() {
			t.Errorf("%d%% kept: a packed arena is to be packed again", keep)
		}
	}
}

func TestDefragLeavesDenseArenasAlone(t *testing.T) {
	a := newArena(t, 1<<30)
	if a.PlanDefrag() {
		t.Error("an empty arena is to be packed")
	}
	m := sparse(t, a, 56, 400_000, 98)
	if a.PlanDefrag() {
		t.Errorf("%d committed for %d used is to be packed", a.Committed(), a.Used())
	}
	for _, b := range m.live {
		if a.ShouldMove(b.h) {
			t.Fatal("ShouldMove without a plan")
		}
	}
	// Free large runs are not sparseness: TakeDirty handles them.
	h := a.Alloc(256 << 20)
	a.Free(h)
	if a.PlanDefrag() {
		t.Error("a free run is to be packed")
	}
}

func TestDefragUnfinishedSpansServeAgain(t *testing.T) {
	a := newArena(t, 1<<30)
	m := sparse(t, a, 56, 200_000, 30)
	if !a.PlanDefrag() {
		t.Fatal("nothing to pack")
	}
	picked := 0
	for _, b := range m.live {
		if a.ShouldMove(b.h) {
			picked++
		}
	}
	if picked == 0 || a.evac == 0 {
		t.Fatal("nothing was picked")
	}
	m.verify(t)
	for range 100 {
		a.PlanDefrag()
	}
	if a.evac != 0 {
		t.Error("spans are still set aside after new plans")
	}
	m.verify(t)
	top := a.top
	for range 100_000 {
		m.alloc(t, 56)
	}
	if a.top != top {
		t.Error("the holes were not used again")
	}
}

func TestDefragSparesTheCurrentSpan(t *testing.T) {
	a := newArena(t, 1<<30)
	m := sparse(t, a, 56, 200_000, 30)
	a.PlanDefrag()
	for range 5000 {
		m.alloc(t, 56)
		if b := m.live[len(m.live)-1]; a.ShouldMove(b.h) {
			t.Fatal("a block just allocated should move")
		}
	}
}
