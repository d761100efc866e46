package clock

import (
	"sync"
	"testing"
	"time"
)

// TestMillisecondsRoundDown: a deadline of t ms is due when the clock has reached t, not half a millisecond before, on
// either side of 1970.
func TestMillisecondsRoundDown(t *testing.T) {
	for _, c := range []struct{ ns, ms int64 }{
		{0, 0}, {1, 0}, {999_999, 0}, {1_000_000, 1}, {1_999_999, 1}, {-1, -1}, {-1_000_000, -1}, {-1_000_001, -2},
	} {
		if got := (Instant{Mono: c.ns}).MonoMs(); got != c.ms {
			t.Errorf("MonoMs of %d ns is %d, want %d", c.ns, got, c.ms)
		}
		if got := (Instant{Wall: c.ns}).WallMs(); got != c.ms {
			t.Errorf("WallMs of %d ns is %d, want %d", c.ns, got, c.ms)
		}
	}
}

// TestOffsetDoesNotFlicker: noise of up to half a millisecond between the clocks leaves OffsetMs as it is.
func TestOffsetDoesNotFlicker(t *testing.T) {
	f := NewFake(time.Unix(1_732_000_000, 123_456_789))
	want := f.Now().OffsetMs()
	if f.Now().WallMs() != f.Now().MonoMs()+want {
		t.Errorf("wall %d ms is not mono %d + %d", f.Now().WallMs(), f.Now().MonoMs(), want)
	}
	for _, noise := range []time.Duration{-499_999, -1, 0, 1, 499_999} {
		i := f.Now()
		i.Wall += int64(noise)
		if got := i.OffsetMs(); got != want {
			t.Errorf("%v of noise moves the offset from %d to %d ms", noise, want, got)
		}
	}
}

// TestMonoStartsAtAnHour: 0 stays free for "never", and an idle time from before the start is still positive.
func TestMonoStartsAtAnHour(t *testing.T) {
	for _, c := range []Clock{NewSystem(), NewFake(time.Now()), NewFake(time.Unix(-5, 3))} {
		if i := c.Now(); i.Mono < int64(time.Hour) || i.Mono > int64(time.Hour+time.Minute) {
			t.Errorf("%T starts at %v", c, time.Duration(i.Mono))
		}
		if i := c.Now(); i.Mono == 0 || c.Mono() < i.Mono {
			t.Errorf("%T: Mono %d after Now %d", c, c.Mono(), i.Mono)
		}
	}
}

// TestSystemTellsTheTime compares with the time package.
func TestSystemTellsTheTime(t *testing.T) {
	s := NewSystem()
	if off := (s.Now().Wall - s.Now().Mono) % nsPerMs; off > steadyNs && off < nsPerMs-steadyNs {
		t.Errorf("the clocks differ by a broken number of ms: %d ns over", off)
	}
	before, i, after := time.Now(), s.Now(), time.Now()
	if i.Wall < before.UnixNano() || i.Wall > after.UnixNano() {
		t.Errorf("Wall %d is not between %d and %d", i.Wall, before.UnixNano(), after.UnixNano())
	}
	last := int64(0)
	for range 1000 {
		for _, mono := range []int64{s.Mono(), s.Now().Mono} {
			if mono < last {
				t.Fatalf("the monotonic clock went from %d to %d", last, mono)
			}
			last = mono
		}
	}
}

// script is a machine clock that reads what it is told.
func script(readings ...Instant) func() Instant {
	n := 0
	return func() Instant {
		n++
		return readings[min(n, len(readings))-1]
	}
}

// TestAnInterruptedReadingIsRepeated: a thread that was stopped between its two clock reads must not report a step.
func TestAnInterruptedReadingIsRepeated(t *testing.T) {
	s := NewSystem()
	s.offset.Store(1000 * nsPerMs)
	at := func(mono, offset int64) Instant { return Instant{Mono: mono, Wall: mono + offset} }
	steady := 1000 * nsPerMs
	s.read = script(at(1, steady+300*nsPerMs), at(2, steady), at(3, steady+10))
	if i := s.Now(); i.OffsetMs() != 1000 {
		t.Errorf("an interruption moved the offset to %d ms", i.OffsetMs())
	}
	s.read = script(at(4, steady+300*nsPerMs), at(5, steady+300*nsPerMs))
	if i := s.Now(); i.OffsetMs() != 1300 {
		t.Errorf("a step gives an offset of %d ms, want 1300", i.OffsetMs())
	}
	reads := 0
	s.read = func() Instant { reads++; return at(6, steady+300*nsPerMs) }
	if s.Now(); reads != 1 {
		t.Errorf("after the step a reading takes %d reads", reads)
	}
}

// TestFakeMovesByHandOnly, also from several goroutines.
func TestFakeMovesByHandOnly(t *testing.T) {
	f := NewFake(time.Unix(100, 0))
	start := f.Now()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				f.Advance(time.Millisecond)
				f.StepWall(-time.Second)
				f.Now()
			}
		})
	}
	all.Wait()
	want := Instant{Mono: start.Mono + int64(800*time.Millisecond), Wall: start.Wall + int64(800*time.Millisecond-800*time.Second)}
	if f.Now() != want || f.Mono() != want.Mono {
		t.Errorf("at %v, want %v", f.Now(), want)
	}
	f.Set(start)
	if f.Now() != start {
		t.Errorf("at %v after Set(%v)", f.Now(), start)
	}
}

// TestReadingTheClockAllocatesNothing.
func TestReadingTheClockAllocatesNothing(t *testing.T) {
	var c Clock = NewSystem()
	d := NewStepDetector(0)
	if n := testing.AllocsPerRun(100, func() { d.Observe(c.Now()); c.Mono() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkNow(b *testing.B) {
	s := NewSystem()
	for b.Loop() {
		s.Now()
	}
}

func BenchmarkMono(b *testing.B) {
	s := NewSystem()
	for b.Loop() {
		s.Mono()
	}
}

func BenchmarkObserve(b *testing.B) {
	s, d := NewSystem(), NewStepDetector(0)
	i := s.Now()
	for b.Loop() {
		d.Observe(i)
	}
}
