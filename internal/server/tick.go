package server

import (
	"sync"

	"github.com/curfewkv/curfew/internal/clock"
)

// defragSlices is how many slices of time a loop may spend on defragmentation per tick: a tenth of its time at most.
const defragSlices = int(tick / 10 / sliceBudget)

// tick does a loop's share of the periodic work.
func (s *Server) tick(l *loop) {
	if s.settings.defrag.Get() {
		l.defragLeft, l.defragIdle = defragSlices, 0
	}
	s.purge()
	if l.index != 0 {
		return
	}
	s.acceptAgain(l)
	s.notePeak(s.keyspace.Used())
	s.stats.ops.sample(l.now.Mono, s.dispatch.TotalCalls(), s.stats.netIn.Load(), s.stats.netOut.Load())
	// A limit lowered by CONFIG SET, and buffers that grew, are followed without waiting for the next write.
	s.boundClients()
	l.overLimit = s.keyspace.Over(0) > 0
}

// observeClock counts steps of the wall clock and logs them.
func (s *Server) observeClock(now clock.Instant) {
	if ms, stepped := s.steps.Observe(now); stepped {
		s.log.Warn("The wall clock was stepped", "ms", ms)
	}
}

// wakeLoops makes every loop look at its deadlines.
func (s *Server) wakeLoops() {
	for _, l := range s.loops {
		l.wake()
	}
}

// rate is a moving average of the counters, over the last samples, as INFO's instantaneous figures.
type rate struct {
	mu      sync.Mutex
	samples [rateSamples]rateSample
	n       int
}

const rateSamples = 16

type rateSample struct {
	at           int64 // monotonic ns
	ops, in, out int64
}

func (r *rate) sample(at, ops, in, out int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.samples[r.n%rateSamples] = rateSample{at, ops, in, out}
	r.n++
}

// perSecond are the averages of commands and bytes per second.
func (r *rate) perSecond() (ops, in, out float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n < 2 {
		return 0, 0, 0
	}
	last := r.samples[(r.n-1)%rateSamples]
	first := r.samples[max(0, r.n-rateSamples)%rateSamples]
	sec := float64(last.at-first.at) / 1e9
	if sec <= 0 {
		return 0, 0, 0
	}
	return float64(last.ops-first.ops) / sec, float64(last.in-first.in) / sec, float64(last.out-first.out) / sec
}
