package session

import (
	"container/heap"
	"sync/atomic"
)

// Timeouts are the waits of one worker's sessions that have a limit of time, in a heap: what the nearest one is costs a
// look, and a wait that begins or ends the logarithm of their number. It belongs to the worker's goroutine, but for Len.
type Timeouts struct {
	h parkHeap
	n atomic.Int64
}

// timer is a park's place in the heap; none without a table.
type timer struct {
	table *Timeouts
	at    int
}

// Add notes a park, unless it has no limit of time or is noted already.
func (t *Timeouts) Add(p *Park) {
	if p.Until == 0 || p.timer.table != nil {
		return
	}
	p.timer.table = t
	heap.Push(&t.h, p)
	t.n.Store(int64(len(t.h.parks)))
}

// stop forgets a park.
func (m *timer) stop(p *Park) {
	t := m.table
	if t == nil {
		return
	}
	heap.Remove(&t.h, p.timer.at)
	m.table = nil
	t.n.Store(int64(len(t.h.parks)))
}

// Next is the nearest end of a wait in monotonic ns, 0 without any.
func (t *Timeouts) Next() int64 {
	if len(t.h.parks) == 0 {
		return 0
	}
	return t.h.parks[0].Until
}

// Expire ends one wait whose time has run out and returns its session; nil: there is none.
func (t *Timeouts) Expire(nowMono int64) *Session {
	next := t.Next()
	if next == 0 || nowMono < next {
		return nil
	}
	p := t.h.parks[0]
	p.finish(TimedOut)
	p.timer.stop(p)
	return p.s
}

// Len is the number of waits that have a limit of time. Safe for concurrent use.
func (t *Timeouts) Len() int64 { return t.n.Load() }

// parkHeap implements heap.Interface.
type parkHeap struct {
	parks []*Park
	steps int64 // exchanges so far: what the heap has cost
}

func (h *parkHeap) Len() int           { return len(h.parks) }
func (h *parkHeap) Less(i, j int) bool { return h.parks[i].Until < h.parks[j].Until }

func (h *parkHeap) Swap(i, j int) {
	h.steps++
	p := h.parks
	p[i], p[j] = p[j], p[i]
	p[i].timer.at, p[j].timer.at = i, j
}

// Push implements heap.Interface.
func (h *parkHeap) Push(x any) {
	p := x.(*Park)
	p.timer.at = len(h.parks)
	h.parks = append(h.parks, p)
}

// Pop implements heap.Interface.
func (h *parkHeap) Pop() any {
	last := len(h.parks) - 1
	p := h.parks[last]
	h.parks[last] = nil
	h.parks = h.parks[:last]
	return p
}
