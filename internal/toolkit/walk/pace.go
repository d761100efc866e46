package walk

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A Pace is how fast a walk may go: at most so many keys a second, and slower while the server answers slowly. It is shared by
// the goroutines of one walk over one server. A nil Pace sets no limit.
//
// The delay follows additive increase, multiplicative decrease the other way round: a slow answer doubles the pause between
// pages, each good one takes a tenth of it off.
type Pace struct {
	limit *rate.Limiter // nil: none

	mu    sync.Mutex
	usual time.Duration // what an answer takes when the server is at rest; the lowest seen, forgotten slowly
	pause time.Duration // before the next page
	slow  int           // answers that were slow
}

const (
	firstPause = 2 * time.Millisecond
	maxPause   = time.Second
	// slowBy and slowTimes: an answer is slow when it takes that much longer, and so many times longer, than usual.
	slowBy    = 2 * time.Millisecond
	slowTimes = 4
)

// NewPace allows keysPerSecond, 0 for no limit of its own.
func NewPace(keysPerSecond float64) *Pace {
	p := &Pace{}
	if keysPerSecond > 0 {
		p.limit = rate.NewLimiter(rate.Limit(keysPerSecond), max(1, int(keysPerSecond/10)))
	}
	return p
}

// Wait waits until so many more keys may be touched.
func (p *Pace) Wait(ctx context.Context, keys int) error {
	if p == nil {
		return ctx.Err()
	}
	if pause := p.Pause(); pause > 0 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if p.limit == nil {
		return ctx.Err()
	}
	for keys > 0 { // more than the bucket holds is waited for in parts
		n := min(keys, p.limit.Burst())
		if err := p.limit.WaitN(ctx, n); err != nil {
			if ctx.Err() == nil { // the limiter sees that the deadline comes first, and does not wait for it
				return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
			}
			return err
		}
		keys -= n
	}
	return nil
}

// Took says how long the server needed for an answer of the usual size.
func (p *Pace) Took(d time.Duration) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.usual == 0 || d < p.usual {
		p.usual = d
	}
	p.usual += p.usual / 1000
	if d > p.usual+slowBy && d > slowTimes*p.usual {
		p.slow++
		p.pause = min(max(firstPause, 2*p.pause), maxPause)
		return
	}
	p.pause -= p.pause / 10
	if p.pause < firstPause/4 {
		p.pause = 0
	}
}

// Pause is how long the next page will be waited for, because the server was slow.
func (p *Pace) Pause() time.Duration {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pause
}

// Slow is how many answers were slow.
func (p *Pace) Slow() int {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slow
}
