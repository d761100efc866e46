package dispatch

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
)

// Reading the clock takes as long as a third of a GET. So brief commands that follow each other in a pipeline are measured
// together, up to a whole batch of them: each counts with the mean.

const (
	// briefBytes is the size of a request up to which it may be measured with others.
	briefBytes = 1 << 10
	// briefNs: where commands that take less than this are to be told to the observer, each is measured.
	briefNs = 100_000
)

// brief reports whether a request of the batch may be measured with its neighbours.
func (r *request) brief() bool {
	return r.err == nil && r.spec != nil && r.used <= briefBytes && r.spec.Brief()
}

// deferred reports whether a command that was run is measured with the next one, and notes it.
func (w *Worker) deferred(s *session.Session, c *command.Ctx, spec *command.Spec, err error) bool {
	if !w.follows || err != nil || c.Nested() || w.waited != nil || w.d.o.Observe.Watching() {
		return false
	}
	if slow := w.d.o.Observe.SlowNs(); slow >= 0 && slow < briefNs {
		return false
	}
	w.unmeasured = append(w.unmeasured, spec)
	return true
}

// measure counts the commands that were run since the last look at the clock, dur ns ago, but for the last of them, and
// returns that one's share.
func (w *Worker) measure(dur int64) int64 {
	n := len(w.unmeasured)
	if n == 0 {
		return dur
	}
	each := dur / int64(n+1)
	histogram := w.d.o.LatencyTracking()
	for from := 0; from < n; {
		to := from + 1
		for to < n && w.unmeasured[to] == w.unmeasured[from] {
			to++
		}
		w.stats[w.unmeasured[from].ID].add(each, int64(to-from), false, histogram)
		from = to
	}
	w.unmeasured = w.unmeasured[:0]
	return each
}

// measureRest counts the commands of a batch that ended, or was broken off, behind one that was to be measured with its next.
func (w *Worker) measureRest() {
	if n := len(w.unmeasured); n > 0 {
		end := w.d.o.Clock.Mono()
		last := w.unmeasured[n-1]
		w.unmeasured = w.unmeasured[:n-1]
		each := w.measure(end - w.tick)
		w.stats[last.ID].add(each, 1, false, w.d.o.LatencyTracking())
		w.tick = end
	}
}
