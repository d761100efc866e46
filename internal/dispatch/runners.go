package dispatch

import (
	"sync"
	"sync/atomic"
)

// runners carry out errands on goroutines of their own, as many at once as there are workers for them. A goroutine lives as
// long as there is something to do.
type runners struct {
	closing atomic.Bool // errands that can end early do
	running sync.WaitGroup
	errands atomic.Int64 // those under way, and those that wait for a worker

	mu    sync.Mutex
	free  []*Worker
	queue []*errand // first come first served
}

// submit has an errand carried out as soon as a worker is free.
func (r *runners) submit(e *errand) {
	r.errands.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.free) - 1
	if last < 0 {
		r.queue = append(r.queue, e)
		return
	}
	w := r.free[last]
	r.free = r.free[:last]
	r.running.Add(1)
	go r.work(w, e)
}

// work carries out an errand, and those that wait when it is done.
func (r *runners) work(w *Worker, e *errand) {
	defer r.running.Done()
	for ; e != nil; e = r.next(w) {
		w.carryOut(e)
		r.errands.Add(-1)
	}
}

// next is the errand that has waited longest; nil: there is none, and the worker is free.
func (r *runners) next(w *Worker) *errand {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) == 0 {
		r.queue = nil
		r.free = append(r.free, w)
		return nil
	}
	e := r.queue[0]
	r.queue[0] = nil
	r.queue = r.queue[1:]
	return e
}

// Away is the number of commands that take long and are under way off the event loops, or wait for their turn. Safe for
// concurrent use.
func (d *Dispatcher) Away() int64 { return d.runs.errands.Load() }

// Close ends the commands that take long, and waits for those that cannot end early. The event loops have ended.
func (d *Dispatcher) Close() {
	d.runs.closing.Store(true)
	d.runs.running.Wait()
}
