package node

import (
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/metrics"
)

// Traffic are the counters that a transport adds to. They are striped by event loop: AddAt with the loop's index.
type Traffic struct {
	Connections, Rejected, NetIn, NetOut, EvictedClients *metrics.Counter // declared by statFigures
}

// peak is the largest memory in use so far. Safe for concurrent use.
type peak struct{ bytes atomic.Int64 }

// note raises the peak. Several loops may have measured at once.
func (p *peak) note(used int64) {
	for {
		if old := p.bytes.Load(); used <= old || p.bytes.CompareAndSwap(old, used) {
			return
		}
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
