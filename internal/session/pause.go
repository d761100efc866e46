package session

import (
	"sync"
	"sync/atomic"
)

// Pause is CLIENT PAUSE: until an instant, either all commands or only those that write are held back.
// Safe for concurrent use.
type Pause struct {
	// OnChange is told when a pause begins and ends, so that keys neither expire nor are evicted meanwhile. Set before
	// use; may be nil.
	OnChange func(active bool)

	until  atomic.Int64 // monotonic ns; 0: no pause
	writes atomic.Bool  // only commands that write are held back

	mu      sync.Mutex // orders the beginning of waits before the end of the pause that they wait for
	waiting Queue
}

// paused is the wait for the end of a pause.
var paused = &Kind{Name: "pause", Counted: true}

// Start holds commands back until the monotonic instant in ns. A pause under way is only ever made longer, and one of all
// commands stays one of all.
func (p *Pause) Start(nowMono, untilMono int64, writesOnly bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Active(nowMono) {
		writesOnly = writesOnly && p.writes.Load()
		untilMono = max(untilMono, p.until.Load())
	}
	p.writes.Store(writesOnly)
	p.until.Store(untilMono)
	p.changed(true)
}

// End ends a pause and lets the held sessions go on.
func (p *Pause) End() {
	p.mu.Lock()
	p.endLocked()
}

// EndIfOver is End for a pause that has run out: one that was begun since is left alone.
func (p *Pause) EndIfOver(nowMono int64) {
	until := p.until.Load()
	if until == 0 || nowMono < until {
		return
	}
	p.mu.Lock()
	if p.Active(nowMono) {
		p.mu.Unlock()
		return
	}
	p.endLocked()
}

// endLocked unlocks before it wakes. REQUIRES: p.mu is held.
func (p *Pause) endLocked() {
	p.until.Store(0)
	p.changed(false)
	p.mu.Unlock()
	p.waiting.WakeAll()
}

func (p *Pause) changed(active bool) {
	if p.OnChange != nil {
		p.OnChange(active)
	}
}

// Active reports whether a pause is under way.
func (p *Pause) Active(nowMono int64) bool {
	until := p.until.Load()
	return until != 0 && nowMono < until
}

// Until is the end of the pause in monotonic ns, 0 without one.
func (p *Pause) Until() int64 { return p.until.Load() }

// Holds reports whether a command is held back; writes says that it may write.
func (p *Pause) Holds(nowMono int64, writes bool) bool {
	return p.Active(nowMono) && (writes || !p.writes.Load())
}

// Suspend makes a session wait for the end of the pause; false: it has ended, there is nothing to wait for. Called by the
// session's owner.
func (p *Pause) Suspend(nowMono int64, s *Session) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	// Under the lock that the pause ends under, so that none comes too late to be woken.
	if !p.Active(nowMono) {
		return false
	}
	p.waiting.Add(s.Suspend(&Park{Kind: paused}))
	return true
}

// Waiting is the number of sessions held back.
func (p *Pause) Waiting() int { return p.waiting.Len() }
