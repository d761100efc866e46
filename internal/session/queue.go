package session

import "sync"

// Queue is the sessions that wait for one thing, in the order in which they came, whichever loops they belong to. Safe for
// concurrent use; its lock is a leaf. The zero Queue is empty.
//
// A wake-up is given to one session and is used up when its request was run. A session that leaves without that hands it
// to the next one. A request that was run and left something for others says so by another wake-up of its own.
type Queue struct {
	mu          sync.Mutex
	first, last *place
	n           int
	// owed: a wake-up came while the first in line had one already. It is given to the first one when that one is done,
	// because that one may have been woken by another queue and have left what this one has.
	owed  bool
	empty *sync.Cond // nil until somebody waits for that
}

// place is a session's place in a queue.
type place struct {
	p          *Park
	q          *Queue
	prev, next *place
	woken      bool // by this queue, and not used up
}

// Add makes a park wait in the queue, behind all others, unless it is in it. Called by the session's owner between Suspend and
// the end of its command or gate.
func (q *Queue) Add(p *Park) {
	for _, pl := range p.places {
		if pl.q == q {
			return
		}
	}
	pl := &place{p: p, q: q}
	p.places = append(p.places, pl)
	q.mu.Lock()
	if pl.prev = q.last; q.last == nil {
		q.first = pl
	} else {
		q.last.next = pl
	}
	q.last = pl
	q.n++
	q.mu.Unlock()
}

// Len is the number of sessions that wait.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n
}

// AwaitEmpty waits until no session waits in the queue. Not for a goroutine that owns sessions.
func (q *Queue) AwaitEmpty() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n > 0 && q.empty == nil {
		q.empty = sync.NewCond(&q.mu)
	}
	for q.n > 0 {
		q.empty.Wait()
	}
}

// WakeFirst wakes the session that has waited longest.
func (q *Queue) WakeFirst() {
	q.mu.Lock()
	p := q.choose()
	q.mu.Unlock()
	p.wakeOwner()
}

// WakeAll wakes all sessions, the one that has waited longest first.
func (q *Queue) WakeAll() {
	q.mu.Lock()
	woken := make([]*Park, 0, q.n)
	for pl := q.first; pl != nil; pl = pl.next {
		if pl.p.finish(Woken) {
			woken = append(woken, pl.p)
		}
	}
	q.mu.Unlock()
	for _, p := range woken {
		p.wakeOwner()
	}
}

// choose gives a wake-up to the first session that can use it, and returns that one for its owner to be woken; nil: there is none.
// REQUIRES: q.mu is held.
func (q *Queue) choose() *Park {
	for pl := q.first; pl != nil; pl = pl.next {
		if pl.p.finish(Woken) {
			pl.woken = true
			return pl.p
		}
		if End(pl.p.end.Load()) == Woken {
			q.owed = true
			return nil
		}
	}
	return nil
}

// wakeOwner tells the transport of a park that was given a wake-up; nil is fine.
func (p *Park) wakeOwner() {
	if p != nil {
		p.s.Wake()
	}
}

// used notes that the request of a place was run.
func (q *Queue) used(pl *place) {
	q.mu.Lock()
	pl.woken = false
	q.mu.Unlock()
}

// settle gives the wake-up that is owed, if any.
func (q *Queue) settle() {
	q.mu.Lock()
	var p *Park
	if q.owed {
		q.owed = false
		p = q.choose()
	}
	q.mu.Unlock()
	p.wakeOwner()
}

// remove takes a place out of the queue, and hands on a wake-up that was not used.
func (q *Queue) remove(pl *place, ran bool) {
	q.mu.Lock()
	if pl.prev == nil {
		q.first = pl.next
	} else {
		pl.prev.next = pl.next
	}
	if pl.next == nil {
		q.last = pl.prev
	} else {
		pl.next.prev = pl.prev
	}
	if q.n--; q.n == 0 && q.empty != nil {
		q.empty.Broadcast()
	}
	var p *Park
	if q.owed || pl.woken && !ran {
		q.owed = false
		p = q.choose()
	}
	q.mu.Unlock()
	p.wakeOwner()
}
