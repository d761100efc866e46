package walk

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPaceYieldsToASlowServer(t *testing.T) {
	p := NewPace(0)
	for range 10 {
		p.Took(500 * time.Microsecond)
	}
	if p.Pause() != 0 {
		t.Fatalf("a pause of %v while nothing is slow", p.Pause())
	}
	p.Took(5 * time.Millisecond)
	first := p.Pause()
	p.Took(5 * time.Millisecond)
	if second := p.Pause(); first == 0 || second <= first {
		t.Errorf("pauses %v, %v: want them to grow", first, second)
	}
	for range 20 {
		p.Took(time.Second)
	}
	if p.Pause() != maxPause {
		t.Errorf("pause %v, want at most %v", p.Pause(), maxPause)
	}
	for range 100 {
		p.Took(500 * time.Microsecond)
	}
	if p.Pause() != 0 || p.Slow() != 22 {
		t.Errorf("pause %v after %d slow answers, want 0 after 22", p.Pause(), p.Slow())
	}
}

func TestPaceKeepsItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPace(1000)
		begin := time.Now()
		for range 30 {
			if err := p.Wait(t.Context(), 500); err != nil {
				t.Fatal(err)
			}
		}
		// 15,000 keys, of which the first 100 are free.
		if took := time.Since(begin); took < 14*time.Second || took > 15*time.Second {
			t.Errorf("15,000 keys at 1,000/s took %v", took)
		}
		soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := p.Wait(soon, 5000); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a wait beyond the deadline: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if p.Wait(ctx, 1) == nil {
			t.Error("a cancelled wait ended well")
		}
	})
}
