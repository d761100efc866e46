package session

import (
	"math/rand/v2"
	"testing"
)

// testWait is a sort of wait that a test may end in every way.
var testWait = &Kind{Name: "test", Counted: true, Unblockable: true}

func suspend(s *Session, until int64) *Park {
	return s.Suspend(&Park{Kind: testWait, Until: until, Expired: func(*Session) {}})
}

func TestTheFirstEndOfAWaitWins(t *testing.T) {
	ends := map[End]func(s *Session, p *Park){
		Woken:              func(_ *Session, p *Park) { p.Wake() },
		Answered:           func(_ *Session, p *Park) { p.Answer(func(*Session) {}) },
		TimedOut:           func(_ *Session, p *Park) { p.End(100) },
		Unblocked:          func(s *Session, _ *Park) { s.Unblock(false) },
		UnblockedWithError: func(s *Session, _ *Park) { s.Unblock(true) },
	}
	for first, end := range ends {
		s, w := newTest(2)
		p := suspend(s, 100)
		if p.End(99) != Waiting || !s.HasFlag(FlagBlocked) {
			t.Errorf("%d: a wait is over before anything ended it", first)
		}
		end(s, p)
		woken := w.n.Load()
		for _, other := range ends {
			other(s, p)
		}
		if got := p.End(1); got != first || w.n.Load() != woken {
			t.Errorf("ended by %d, then by all others: %d, woken %d times, %d by the first", first, got, w.n.Load(), woken)
		}
	}
}

func TestUnblockEndsOnlyWaitsThatAllowIt(t *testing.T) {
	s, w := newTest(2)
	if s.Unblock(false) {
		t.Error("unblocked a session that does not wait")
	}
	s.Suspend(&Park{Kind: &Kind{Name: "firm"}})
	if s.Unblock(false) || w.n.Load() != 0 {
		t.Error("unblocked a wait that CLIENT UNBLOCK must not end")
	}
	s.Leave()
	p := suspend(s, 0)
	if !s.Unblock(true) || s.Unblock(false) || p.End(1) != UnblockedWithError {
		t.Error("the first Unblock ends a wait, the second has none to end")
	}
	s.Resume()
	s.Settle()
	if s.Unblock(false) {
		t.Error("unblocked a session whose wait was over")
	}
}

func TestAWaitIsReleasedOnceHoweverItEnds(t *testing.T) {
	for name, end := range map[string]func(s *Session, p *Park){
		"woken":   func(s *Session, p *Park) { p.Wake(); s.Resume(); s.Settle() },
		"left":    func(s *Session, _ *Park) { s.Leave(); s.Leave() },
		"another": func(s *Session, p *Park) { p.Wake(); s.Resume(); s.Suspend(&Park{Kind: &Kind{}}); s.Settle() },
	} {
		s, _ := newTest(2)
		released := 0
		end(s, s.Suspend(&Park{Kind: testWait, Release: func() { released++ }}))
		if released != 1 {
			t.Errorf("%s: released %d times", name, released)
		}
	}
}

func TestARequestThatWaitsAgainKeepsItsPlaceAndItsTime(t *testing.T) {
	var q Queue
	a, wa := newTest(2)
	b, wb := newTest(2)
	p := suspend(a, 100)
	q.Add(p)
	q.Add(suspend(b, 100))
	q.WakeFirst()
	a.Resume()
	again := suspend(a, 500) // it found nothing
	q.Add(again)
	a.Settle()
	if again != p || again.Until != 100 || q.Len() != 2 {
		t.Errorf("waits until %d, %d in the queue", again.Until, q.Len())
	}
	if q.WakeFirst(); wa.n.Load() != 2 || wb.n.Load() != 0 {
		t.Errorf("woken %d and %d times: the first lost its place", wa.n.Load(), wb.n.Load())
	}
}

func TestSessionsAreWokenInTheOrderInWhichTheyCame(t *testing.T) {
	var q Queue
	var woken []uint64
	for id := range uint64(5) {
		s := New(id, wakeFunc(func(s *Session) { woken = append(woken, s.ID) }), 1)
		q.Add(suspend(s, 0))
		if id == 2 {
			s.Leave()
		}
	}
	q.WakeFirst()
	q.WakeAll()
	for i, want := range []uint64{0, 1, 3, 4} {
		if i >= len(woken) || woken[i] != want {
			t.Fatalf("woken in the order %v", woken)
		}
	}
}

type wakeFunc func(*Session)

func (f wakeFunc) Wake(s *Session) { f(s) }

func TestAWakeUpThatWasNotUsedGoesToTheNext(t *testing.T) {
	var q Queue
	a, _ := newTest(2)
	b, wb := newTest(2)
	q.Add(suspend(a, 0))
	q.Add(suspend(b, 0))
	q.WakeFirst()
	if a.Leave(); wb.n.Load() != 1 {
		t.Error("the first left with the wake-up that it was given")
	}
}

// A session that waits for two things takes one of them; the wake-up for the other must not be lost with it.
func TestAWakeUpForASessionThatIsBusyWithAnotherIsGivenToTheNext(t *testing.T) {
	for _, again := range []bool{false, true} {
		var left, right Queue
		both, _ := newTest(2)
		next, w := newTest(2)
		p := suspend(both, 0)
		left.Add(p)
		right.Add(p)
		right.Add(suspend(next, 0))
		left.WakeFirst()
		right.WakeFirst() // its first is on its way to the left
		if w.n.Load() != 0 {
			t.Fatal("the second was woken before the first")
		}
		both.Resume()
		if again {
			suspend(both, 0) // someone else was faster on the left
		}
		both.Settle()
		if again && p.End(1) != Woken || !again && w.n.Load() != 1 {
			t.Errorf("waits again %v: the wake-up of the right is lost", again)
		}
	}
}

func TestTimeoutsComeInTheirOrderAndCostALogarithm(t *testing.T) {
	const n = 10_000
	var table Timeouts
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 1))
	sessions := make([]*Session, n)
	for i := range sessions {
		s, _ := newTest(2)
		sessions[i] = s
		table.Add(suspend(s, 1+rnd.Int64N(1e9)))
	}
	if allocs := testing.AllocsPerRun(1000, func() { table.Next() }); allocs != 0 || table.Len() != n {
		t.Errorf("%v allocations, %d waits", allocs, table.Len())
	}
	before := table.h.steps
	for range 1000 {
		table.Next()
		if table.Expire(0) != nil {
			t.Fatal("a wait ended before its time")
		}
	}
	if table.h.steps != before {
		t.Errorf("a look at the heap moved something %d times", table.h.steps-before)
	}
	for range 1000 { // one comes, another goes
		i := rnd.IntN(n)
		sessions[i].Leave()
		table.Add(suspend(sessions[i], 1+rnd.Int64N(1e9)))
	}
	if steps := table.h.steps - before; steps > 1000*2*(15+1) {
		t.Errorf("seed %d: 1000 sessions that came and went cost %d exchanges", seed, steps)
	}
	last := int64(0)
	for i := range n {
		at := table.Next()
		s := table.Expire(at)
		if s == nil || at < last || s.Park.End(at) != TimedOut {
			t.Fatalf("seed %d: the wait number %d ends at %d, after one that ended at %d", seed, i, at, last)
		}
		last = at
	}
	if table.Next() != 0 || table.Expire(1e18) != nil {
		t.Error("a wait is left")
	}
}
