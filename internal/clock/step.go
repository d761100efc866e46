package clock

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// DefaultStepThreshold is the change of the wall clock against the monotonic one that counts as a step. ntpd steps
	// from 128 ms on and slews what is less, systemd-timesyncd from 400 ms on, so every step that they take is seen. From
	// below it is bounded by false alarms, of which System leaves none: it reads twice what looks like a step.
	DefaultStepThreshold = 100 * time.Millisecond

	// slewPerSecond is the fastest that a healthy system slews its clock (500 ppm). Where both timelines are slewed alike,
	// as on Linux, the offset between them does not move at all; elsewhere it may, by this much, without being a step.
	slewPerSecond = 500 * int64(time.Microsecond)

	// quietNs is a change of the offset too small to look at.
	quietNs = nsPerMs
)

// StepDetector counts the steps of the wall clock. It is fed with Instants, by any number of goroutines; what it sees is
// only what it is fed with, so it is pure. A change that stays below the threshold is forgotten at the rate of a slew:
// several small steps in quick succession add up to one.
type StepDetector struct {
	threshold int64 // immutable, ns

	seen   atomic.Int64 // Mono of the last look, refreshed once a second; 0: never fed
	base   atomic.Int64 // the offset that is taken for normal
	steps  atomic.Int64
	lastMs atomic.Int64

	mu sync.Mutex // serialises the changes of seen and base
}

// NewStepDetector returns a detector; a threshold of 0 means DefaultStepThreshold.
func NewStepDetector(threshold time.Duration) *StepDetector {
	if threshold <= 0 {
		threshold = DefaultStepThreshold
	}
	return &StepDetector{threshold: int64(threshold)}
}

// Observe looks at an instant and reports whether the wall clock was stepped since the last one, and by how many ms
// (negative: back). As long as nothing has happened it costs two atomic loads.
func (d *StepDetector) Observe(i Instant) (stepMs int64, stepped bool) {
	diff := i.Wall - i.Mono - d.base.Load()
	if since := i.Mono - d.seen.Load(); since < int64(time.Second) && -quietNs < diff && diff < quietNs {
		return 0, false
	}
	return d.look(i)
}

// look judges the difference against what a slew may have done since the last look.
func (d *StepDetector) look(i Instant) (stepMs int64, stepped bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	offset, seen := i.Wall-i.Mono, d.seen.Load()
	if seen == 0 {
		d.seen.Store(i.Mono)
		d.base.Store(offset)
		return 0, false
	}
	since := i.Mono - seen
	if since < 0 {
		return 0, false // an instant from before another goroutine's look; judging it would count one step twice
	}
	d.seen.Store(i.Mono)
	diff := offset - d.base.Load()
	slewed := int64(float64(slewPerSecond) * time.Duration(since).Seconds())
	if rest := max(diff, -diff) - slewed; rest >= d.threshold {
		d.base.Store(offset)
		stepMs = floorDiv(diff+nsPerMs/2, nsPerMs)
		d.lastMs.Store(stepMs)
		d.steps.Add(1)
		return stepMs, true
	}
	d.base.Add(max(-slewed, min(slewed, diff)))
	return 0, false
}

// Steps is the number of steps seen.
func (d *StepDetector) Steps() int64 { return d.steps.Load() }

// LastStepMs is the size of the last step in ms, negative for a step back; 0 before the first.
func (d *StepDetector) LastStepMs() int64 { return d.lastMs.Load() }
