package sweep

import (
	"context"
	"time"
)

// A breather lets a busy server have at least half of the time: after an answer that took much longer than usual it waits for as
// long as that took. It is milder than walk's pace, which is for tools that can take their time; a leak is to be stopped soon,
// and a sweep has no more than one page of each keyspace under way anyhow. It is for one goroutine.
type breather struct {
	usual time.Duration // what an answer takes when the server is at rest; the lowest seen, forgotten slowly
	slow  int           // answers that were slow
}

const (
	// An answer is slow when it takes that much longer, and so many times longer, than usual.
	slowBy    = 5 * time.Millisecond
	slowTimes = 4
	// longestBreath bounds one wait.
	longestBreath = time.Second
)

// after returns how long to wait after an answer that took so long.
func (b *breather) after(took time.Duration) time.Duration {
	if b.usual == 0 || took < b.usual {
		b.usual = took
	}
	b.usual += b.usual / 1000
	if took < b.usual+slowBy || took < slowTimes*b.usual {
		return 0
	}
	b.slow++
	return min(took, longestBreath)
}

// rest waits that long.
func rest(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
