package expiry

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

const hour = 3_600_000

// driver plays the caller: it wakes when the index says, and removes what is due.
type driver struct {
	*farm
	now     int64
	wakings int
	fired   func(h uint32)
}

// runUntil lets time pass, waking at NextMs only, with a bounded step each time.
func (d *driver) runUntil(end int64, work int) {
	for {
		ms, ok := d.NextMs()
		if !ok || ms > end {
			d.now = end
			return
		}
		d.now = max(d.now, ms)
		d.wakings++
		for {
			h, state := d.Advance(d.now, work)
			if state == Nothing {
				break
			}
			if state == Found {
				d.fired(h)
				d.Remove(h)
			}
		}
	}
}

// TestEveryEntryFiresAtItsMillisecond wakes at NextMs alone: no entry may fire early, none late, and the wakings that find
// nothing must stay few.
func TestEveryEntryFiresAtItsMillisecond(t *testing.T) {
	const n = 50_000
	d := &driver{farm: newFarm(n), now: hour}
	rnd := rand.New(rand.NewPCG(1, 2))
	left := n
	d.fired = func(h uint32) {
		if at := d.deadline(h); at != uint64(d.now) {
			t.Fatalf("deadline %d fired at %d", at, d.now)
		}
		left--
	}
	d.Due(d.now)
	for i := range n {
		d.add(i, uint64(d.now+1+rnd.Int64N(1<<rnd.IntN(33))))
	}
	d.runUntil(d.now+1<<33, 1000)
	if left != 0 || d.Len() != 0 {
		t.Fatalf("%d of %d did not fire", left, n)
	}
	if d.wakings > 2*n {
		t.Errorf("%d wakings for %d entries", d.wakings, n)
	}
	if perEntry := float64(d.Moves()) / n; perEntry > 6 {
		t.Errorf("%.1f moves an entry, the deadlines have 5.5 digits", perEntry)
	}
}

// TestNotDueOneMillisecondBefore looks at both sides of the deadline, from far and from near, and at every level.
func TestNotDueOneMillisecondBefore(t *testing.T) {
	for shift := range 62 {
		f := newFarm(2)
		f.Due(hour)
		at := int64(hour + 1<<shift)
		f.add(0, uint64(at))
		f.add(1, uint64(at)+1)
		if h, ok := f.Due(at - 1); ok {
			t.Fatalf("+%d ms: %d is due 1 ms early", int64(1)<<shift, f.deadline(h))
		}
		h, ok := f.Due(at)
		if !ok || f.deadline(h) != uint64(at) {
			t.Fatalf("+%d ms: not due at its deadline", int64(1)<<shift)
		}
		f.Remove(h)
		if _, ok := f.Due(at); ok {
			t.Fatalf("+%d ms: the next one is due 1 ms early", int64(1)<<shift)
		}
	}
}

// TestAMillionEqualDeadlines puts a million entries into one coarse slot: no step may be long, all must fire at their time.
func TestAMillionEqualDeadlines(t *testing.T) {
	const work = 1000
	n := 1_000_000
	if testing.Short() {
		n = 100_000
	}
	f := newFarm(n)
	f.Due(hour)
	at := int64(hour + 5*hour)
	for i := range n {
		f.add(i, uint64(at))
	}
	if got := f.CountDue(at - 1); got != 0 {
		t.Fatalf("%d due 1 ms before", got)
	}
	step := func(now int64) State {
		before := f.Moves()
		h, state := f.Advance(now, work)
		if moved := f.Moves() - before; moved > work {
			t.Fatalf("a step moved %d entries, allowed %d", moved, work)
		}
		if state == Found {
			f.Remove(h)
		}
		return state
	}
	for f.Len() > 0 {
		now, _ := f.NextMs()
		for state := More; state != Nothing; {
			if state = step(now); state == Found && now < at {
				t.Fatalf("fired at %d, due at %d", now, at)
			}
			if got := f.CountDue(at); got != f.Len() {
				t.Fatalf("%d due, %d left", got, f.Len())
			}
		}
	}
	if perEntry := float64(f.Moves()) / float64(n); perEntry > 4 {
		t.Errorf("%.1f moves an entry", perEntry)
	}
}

// TestAJumpOfAYearNeedsNoRefining: what is due as a whole is handed out as it lies.
func TestAJumpOfAYearNeedsNoRefining(t *testing.T) {
	const n, day = 10_000, 24 * hour
	f := newFarm(n)
	f.Due(hour)
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range n {
		f.add(i, uint64(hour+rnd.Int64N(100*day)))
	}
	for now := int64(hour + 365*day); f.Len() > 0; {
		h, ok := f.Due(now)
		if !ok {
			t.Fatalf("%d entries are a year late and not due", f.Len())
		}
		f.Remove(h)
	}
	if f.Moves() != 0 {
		t.Errorf("%d moves", f.Moves())
	}
}

// TestAStepBackDisturbsNothing: time goes back by 5 s over and over while entries arrive; none is early, none is lost.
func TestAStepBackDisturbsNothing(t *testing.T) {
	const n = 20_000
	d := &driver{farm: newFarm(n), now: hour}
	rnd := rand.New(rand.NewPCG(5, 6))
	d.fired = func(h uint32) {
		if at := d.deadline(h); at > uint64(d.now) {
			t.Fatalf("deadline %d fired at %d", at, d.now)
		}
	}
	for i := range n {
		if i%1000 == 999 {
			d.now -= 5000
		}
		d.add(i, uint64(d.now+rnd.Int64N(20_000)))
		d.runUntil(d.now+rnd.Int64N(10), 50)
		if h, ok := d.Due(d.now); ok {
			t.Fatalf("deadline %d still there at %d", d.deadline(h), d.now)
		}
	}
	d.runUntil(d.now+hour, 50)
	if d.Len() != 0 {
		t.Fatalf("%d lost", d.Len())
	}
	if perEntry := float64(d.Moves()) / n; perEntry > 8 {
		t.Errorf("%.1f moves an entry", perEntry)
	}
}

// TestMinStaysCheapUnderEviction plays volatile-ttl: keys with short and long lives arrive, the nearest deadline leaves.
// Min looks far ahead of now while some of the new deadlines lie before all others.
func TestMinStaysCheapUnderEviction(t *testing.T) {
	const n, rounds = 50_000, 200_000
	d := &driver{farm: newFarm(n), now: hour, fired: func(uint32) {}}
	rnd := rand.New(rand.NewPCG(7, 8))
	draw := func() uint64 { return uint64(d.now + 1 + rnd.Int64N(2*hour)) }
	for i := range n {
		d.add(i, draw())
	}
	before, worst := d.Moves(), uint64(0)
	for i := range rounds {
		d.now += int64(i & 1)
		if ms, ok := d.NextMs(); ok && ms <= d.now {
			d.Due(d.now)
		}
		was := d.Moves()
		h, ok := d.Min()
		if !ok {
			t.Fatal("empty")
		}
		worst = max(worst, d.Moves()-was)
		d.Remove(h)
		d.node(h).Deadline = draw()
		d.Add(h)
	}
	if each := float64(d.Moves()-before) / rounds; each > 5 {
		t.Errorf("%.1f moves an eviction", each)
	}
	t.Logf("%.2f moves an eviction, at most %d in one", float64(d.Moves()-before)/rounds, worst)
}

// TestNearestIsBounded: with a budget, the nearest deadline is found over several calls, none of them long.
func TestNearestIsBounded(t *testing.T) {
	const n = 10_000
	f := newFarm(n)
	f.Due(hour)
	nearest := uint64(math.MaxUint64)
	rnd := rand.New(rand.NewPCG(9, 10))
	for i := range n {
		at := uint64(16*hour + rnd.Int64N(hour))
		nearest = min(nearest, at)
		f.add(i, at)
	}
	for calls := 1; ; calls++ {
		before := f.Moves()
		h, exact, ok := f.Nearest(100)
		if moved := f.Moves() - before; !ok || moved > 100 {
			t.Fatalf("ok %v, moved %d", ok, moved)
		}
		if exact {
			if f.deadline(h) != nearest {
				t.Fatalf("found %d, nearest is %d", f.deadline(h), nearest)
			}
			break
		}
		if calls > 3*n/100 {
			t.Fatal("no end")
		}
	}
}

// TestAnIndexIsSmall pins what a database pays for each of its two indexes in each shard.
func TestAnIndexIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Index{}); size > 6<<10 {
		t.Errorf("an Index takes %d bytes", size)
	}
	if unsafe.Offsetof(Index{}.base) != 0 {
		t.Error("the pointer is not the first word: the collector reads up to it")
	}
	f := newFarm(1)
	f.add(0, hour)
	if n := testing.AllocsPerRun(100, func() {
		f.Remove(handle(0))
		f.Add(handle(0))
		f.Due(1)
		f.Min()
		f.CountDue(1)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestWalkGoesByDeadline: slots come in order, and once everything is refined so do the entries.
func TestWalkGoesByDeadline(t *testing.T) {
	const n = 500
	f := newFarm(n)
	f.Due(hour)
	rnd := rand.New(rand.NewPCG(11, 12))
	for i := range n {
		f.add(i, uint64(hour+rnd.Int64N(64))) // one slot of the finest level for each millisecond
	}
	last, seen := uint64(0), 0
	f.Walk(func(h uint32) bool {
		if f.deadline(h) < last {
			t.Fatalf("%d after %d", f.deadline(h), last)
		}
		last = f.deadline(h)
		seen++
		return true
	})
	if seen != n {
		t.Fatalf("saw %d of %d", seen, n)
	}
	seen = 0
	f.Walk(func(uint32) bool { seen++; return seen < 10 })
	if seen != 10 {
		t.Fatalf("went on to %d after false", seen)
	}
}

// pendingFarm is an index in the middle of refining: of n entries in one slot of level 2, moved are re-placed.
func pendingFarm(n, moved int) (f *farm, s slot) {
	f = newFarm(n)
	f.Due(1)
	for i := range n {
		f.add(i, uint64(5<<12+i%64)) // all to be re-placed into the slots of level 0
	}
	s, _ = f.first()
	f.refine(s)
	f.drain(0, moved)
	return f, f.own(2)
}

// TestPendingHeadMayMove: the entry that heads the pending list may be named, too, by what is left in the table of heads
// from before its slot was emptied.
func TestPendingHeadMayMove(t *testing.T) {
	f, own := pendingFarm(8, 2)
	h := f.heads[own]
	f.heads[f.slotOf(f.deadline(h))] = h
	*f.node(handle(8)) = *f.node(h)
	f.Relocate(h, handle(8))
	if f.heads[own] != handle(8) {
		t.Fatal("the pending list begins with an entry that has moved away")
	}
	if seen := f.walked(); seen != 8 {
		t.Fatalf("%d of 8 left", seen)
	}
}

func (f *farm) walked() (seen int) {
	f.Walk(func(uint32) bool { seen++; return true })
	return seen
}

// TestCountsWhileRefining: an entry removed while others are pending may be taken for a pending one. The sum stays right.
func TestCountsWhileRefining(t *testing.T) {
	f, _ := pendingFarm(3*64, 100)
	for _, i := range rand.New(rand.NewPCG(13, 14)).Perm(3 * 64) {
		f.Remove(handle(i))
		if got := f.CountDue(6 << 12); got != f.Len() {
			t.Fatalf("%d due, %d there", got, f.Len())
		}
	}
}

// TestWhatIsRefinedNeedNotWaitForTheRest: an entry that becomes due while a long list is being refined goes at once.
func TestWhatIsRefinedNeedNotWaitForTheRest(t *testing.T) {
	f := newFarm(102)
	f.Due(1)
	f.add(0, 5<<12+3)
	for i := 1; i < 102; i++ {
		f.add(i, 5<<12+4000)
	}
	if _, state := f.Advance(5<<12, 10); state != More || f.pending == 0 {
		t.Fatalf("state %d, pending on level %d", state, f.pending)
	}
	if h, state := f.Advance(5<<12+3, 10); state != Found || h != handle(0) {
		t.Fatalf("state %d: the due entry waits for the others", state)
	}
}
