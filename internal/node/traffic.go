package node

import (
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/metrics"
)

// Traffic are the counters that a transport adds to. They are striped by event loop: AddAt with the loop's index.
type Traffic struct {
	Connections, Rejected, NetIn, NetOut, EvictedClients *metrics.Counter
	// QueryLimit and OutputLimit are clients that were closed because their requests or replies took too much memory.
	QueryLimit, OutputLimit *metrics.Counter

	turns, busyNs, tickNs, reads, writes, defragging *metrics.Counter
	maxBusyNs, maxCommands                           atomic.Int64
	defragSince                                      atomic.Int64 // monotonic ns, 0: no loop defragments
}

// Turns are what an event loop did since it handed this over last. They belong to the loop, which adds to them without an
// atomic and hands them over with Traffic.Note as often as it ticks.
type Turns struct {
	Turns, BusyNs int64 // turns, and the time from waking up to going to sleep again
	TickNs        int64 // of that, periodic work
	Reads, Writes int64 // system calls that moved bytes
	MaxBusyNs     int64 // the longest turn
	MaxCommands   int64 // the most commands in a turn
	DefragPasses  int64 // +1 when a pass of defragmentation begins, -1 when it ends
}

// Note adds what a loop did until now, in monotonic ns, and starts its Turns anew.
func (t *Traffic) Note(loop int, now int64, w *Turns) {
	t.turns.AddAt(loop, w.Turns)
	t.busyNs.AddAt(loop, w.BusyNs)
	t.tickNs.AddAt(loop, w.TickNs)
	t.reads.AddAt(loop, w.Reads)
	t.writes.AddAt(loop, w.Writes)
	t.defragging.AddAt(loop, w.DefragPasses)
	if t.defragging.Load() == 0 {
		t.defragSince.Store(0)
	} else {
		t.defragSince.CompareAndSwap(0, now)
	}
	raise(&t.maxBusyNs, w.MaxBusyNs)
	raise(&t.maxCommands, w.MaxCommands)
	*w = Turns{}
}

// defragMs is for how long some loop has been defragmenting.
func (t *Traffic) defragMs(now int64) int64 {
	since := t.defragSince.Load()
	if since == 0 {
		return 0
	}
	return (now - since) / 1e6
}

// raise makes v at least n.
func raise(v *atomic.Int64, n int64) {
	for {
		if old := v.Load(); n <= old || v.CompareAndSwap(old, n) {
			return
		}
	}
}

// peak is the largest memory in use so far. Safe for concurrent use: several loops may have measured at once.
type peak struct{ bytes atomic.Int64 }

func (p *peak) note(used int64) { raise(&p.bytes, used) }

// overTime is for how long memory has been over its limit. Safe for concurrent use.
type overTime struct {
	mu      sync.Mutex
	since   int64 // monotonic ns, 0 while it is not
	totalNs int64 // of the times that are over
}

func (o *overTime) note(nowMono int64, over bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case over && o.since == 0:
		o.since = nowMono
	case !over && o.since != 0:
		o.totalNs += nowMono - o.since
		o.since = 0
	}
}

// ms are the present time over the limit and that of all times since reset.
func (o *overTime) ms(nowMono int64) (current, total int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since != 0 {
		current = nowMono - o.since
	}
	return current / 1e6, (o.totalNs + current) / 1e6
}

// reset begins anew: memory that is over its limit counts from the next note on.
func (o *overTime) reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.since, o.totalNs = 0, 0
}

// rate is a moving average of counters, over the last samples, as INFO's instantaneous figures.
type rate struct {
	mu      sync.Mutex
	samples [rateSamples]totals
	n       int
}

const rateSamples = 16

// totals are counters at an instant.
type totals struct {
	at            int64 // monotonic ns
	ops, in, out  int64
	turns, busyNs int64
}

// perSecond are the averages per second of commands, bytes, and turns of the event loops, and that of a turn's duration.
type perSecond struct {
	ops, in, out, turns float64
	turnNs              float64
}

// sample adds what read gives. It is read here, so a restart comes before or after it.
func (r *rate) sample(read func() totals) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.samples[r.n%rateSamples] = read()
	r.n++
}

// restart forgets all samples, because reset sets the counters back.
func (r *rate) restart(reset func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	reset()
	r.n = 0
}

func (r *rate) lately() perSecond {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n < 2 {
		return perSecond{}
	}
	last, first := r.samples[(r.n-1)%rateSamples], r.samples[max(0, r.n-rateSamples)%rateSamples]
	sec := float64(last.at-first.at) / 1e9
	if sec <= 0 {
		return perSecond{}
	}
	out := perSecond{
		ops: float64(last.ops-first.ops) / sec, in: float64(last.in-first.in) / sec, out: float64(last.out-first.out) / sec,
		turns: float64(last.turns-first.turns) / sec,
	}
	if turns := last.turns - first.turns; turns > 0 {
		out.turnNs = float64(last.busyNs-first.busyNs) / float64(turns)
	}
	return out
}
