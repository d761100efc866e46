package clock

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// TestPollSeesAStep, once for each.
func TestPollSeesAStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFake(time.Unix(1_732_000_000, 0))
		ctx, cancel := context.WithCancel(t.Context())
		calls, ended := 0, make(chan struct{})
		go func() {
			defer close(ended)
			pollWall(ctx, f, pollEvery, func() { calls++ })
		}()
		pass := func() {
			f.Advance(time.Second)
			time.Sleep(time.Second) // the bubble's time, not ours
			synctest.Wait()
		}
		pass()
		for want, step := range []time.Duration{0, time.Hour, -time.Millisecond} {
			f.StepWall(step)
			pass()
			if calls != want {
				t.Errorf("%d calls after a step of %v, want %d", calls, step, want)
			}
			pass()
		}
		if calls != 2 {
			t.Errorf("%d calls, want 2", calls)
		}
		cancel()
		<-ended
	})
}

// TestWatchEndsWithItsContext, however the system watches, and leaves no goroutine behind.
func TestWatchEndsWithItsContext(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, wait := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			WatchWall(ctx, func() {})
		}()
		time.AfterFunc(wait, cancel)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Fatal("WatchWall goes on after its context has ended")
		}
	}
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, before %d", runtime.NumGoroutine(), before)
		}
		runtime.Gosched()
	}
}
