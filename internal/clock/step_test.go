package clock

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// watched is a fake clock under a detector, looked at every 100 ms.
type watched struct {
	*Fake
	*StepDetector
}

func newWatched() watched {
	w := watched{NewFake(time.Unix(1_732_000_000, 0)), NewStepDetector(0)}
	w.Observe(w.Now())
	return w
}

func (w watched) pass(d time.Duration) {
	for ; d > 0; d -= 100 * time.Millisecond {
		w.Advance(100 * time.Millisecond)
		w.Observe(w.Now())
	}
}

// TestStepsAreCounted: forward and back, once each, with their size.
func TestStepsAreCounted(t *testing.T) {
	w := newWatched()
	w.pass(time.Minute)
	if w.Steps() != 0 || w.LastStepMs() != 0 {
		t.Fatalf("%d steps without any", w.Steps())
	}
	for n, step := range []time.Duration{time.Hour, -5 * time.Second, 128 * time.Millisecond, -DefaultStepThreshold - time.Millisecond} {
		w.StepWall(step)
		if ms, stepped := w.Observe(w.Now()); !stepped || ms != step.Milliseconds() {
			t.Errorf("a step of %v is seen as %d ms, %v", step, ms, stepped)
		}
		if w.Steps() != int64(n+1) || w.LastStepMs() != step.Milliseconds() {
			t.Errorf("after a step of %v: %d steps, the last %d ms", step, w.Steps(), w.LastStepMs())
		}
		w.pass(time.Minute)
	}
	if w.Steps() != 4 {
		t.Errorf("%d steps, want 4", w.Steps())
	}
}

// TestASlewIsNoStep: 500 ppm for a day is 43 seconds, and none of it a step; nor is it when nobody looked for an hour.
func TestASlewIsNoStep(t *testing.T) {
	w := newWatched()
	for range 24 * 60 {
		w.pass(time.Minute)
		w.StepWall(30 * time.Millisecond)
	}
	if w.Steps() != 0 {
		t.Errorf("a slew counts as %d steps", w.Steps())
	}
	w = newWatched()
	w.Advance(time.Hour)
	w.StepWall(1800 * time.Millisecond)
	if _, stepped := w.Observe(w.Now()); stepped {
		t.Error("the slew of an hour counts as a step when it is seen at once")
	}
}

// TestSmallStepsAddUp: in quick succession they are a step in slices; far apart they are none.
func TestSmallStepsAddUp(t *testing.T) {
	w := newWatched()
	for range 3 {
		w.StepWall(40 * time.Millisecond)
		w.pass(time.Second)
	}
	if w.Steps() != 1 || w.LastStepMs() < 110 || w.LastStepMs() > 120 {
		t.Errorf("3 x 40 ms within 3 s: %d steps, the last %d ms", w.Steps(), w.LastStepMs())
	}
	w = newWatched()
	for range 10 {
		w.StepWall(40 * time.Millisecond)
		w.pass(2 * time.Minute)
	}
	if w.Steps() != 0 {
		t.Errorf("40 ms every 2 minutes: %d steps", w.Steps())
	}
}

// TestALateInstantIsNotASecondStep: two loops read the clock, one before a step, one after; the one that was first to read
// is the last to report.
func TestALateInstantIsNotASecondStep(t *testing.T) {
	w := newWatched()
	w.pass(10 * time.Second)
	early := w.Now()
	w.Advance(time.Millisecond)
	w.StepWall(time.Hour)
	w.Observe(w.Now())
	if _, stepped := w.Observe(early); stepped || w.Steps() != 1 {
		t.Errorf("%d steps, want 1", w.Steps())
	}
}

// TestManyObserversOneStep: of all loops that see a step exactly one is told.
func TestManyObserversOneStep(t *testing.T) {
	w := newWatched()
	w.StepWall(-time.Minute)
	var told atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				if _, stepped := w.Observe(w.Now()); stepped {
					told.Add(1)
				}
				w.Advance(time.Microsecond)
			}
		})
	}
	all.Wait()
	if told.Load() != 1 || w.Steps() != 1 {
		t.Errorf("%d observers were told of %d steps", told.Load(), w.Steps())
	}
}
