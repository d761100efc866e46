package clock

import (
	"sync"
	"time"
)

// Fake is a clock that a test moves by hand. It is safe for concurrent use.
type Fake struct {
	mu  sync.Mutex
	now Instant // guarded by mu
}

// NewFake returns a clock that stands still at the given wall time, its monotonic timeline started as System would.
func NewFake(wall time.Time) *Fake {
	return &Fake{now: Instant{Mono: originFor(wall.UnixNano()), Wall: wall.UnixNano()}}
}

// Now is where the clock stands.
func (f *Fake) Now() Instant {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Mono is where the clock stands on the monotonic timeline.
func (f *Fake) Mono() int64 { return f.Now().Mono }

// Set puts the clock at an instant, even one that lies back on the monotonic timeline.
func (f *Fake) Set(i Instant) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = i
}

// Advance lets time pass: both timelines move by d.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now.Mono += int64(d)
	f.now.Wall += int64(d)
}

// StepWall sets the wall clock d ahead of what it shows (back, if negative); no time passes.
func (f *Fake) StepWall(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now.Wall += int64(d)
}
