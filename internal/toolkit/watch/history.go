package watch

import (
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/reading"
)

const (
	// pointEvery thins the history out: a day has 1,440 points of a node then.
	pointEvery = time.Minute
	historyFor = 24 * time.Hour
)

// history is what an Engine remembers of a node, since the last start of its server.
type history struct {
	runID  string
	last   *reading.Reading // the newest that was good
	before *reading.Reading // the good one before it
	points []point          // the oldest first, at most one for each pointEvery, but for the newest
}

// point is what growth is measured between.
type point struct {
	at                  time.Time
	memory, keys, noTTL float64
}

// remember takes the readings of an observation in.
func (e *Engine) remember(o Observation) {
	present := map[string]bool{}
	for i := range o.Readings {
		r := &o.Readings[i]
		present[r.Node] = true
		if !r.Up() || r.Refused {
			continue
		}
		h := e.nodes[r.Node]
		// A server that was started anew fills its memory, and has no more of what it counted. One that has become a primary
		// is another in the same way.
		if h == nil || h.runID != r.Fields["run_id"] {
			h = &history{runID: r.Fields["run_id"]}
			e.nodes[r.Node] = h
		}
		h.add(r)
	}
	for node := range e.nodes {
		if !present[node] {
			delete(e.nodes, node)
		}
	}
}

func (h *history) add(r *reading.Reading) {
	h.before, h.last = h.last, r
	if loading, _ := r.Number("loading"); loading != 0 {
		h.points = nil // its growth is the file's
		return
	}
	memory, _ := r.Number("used_memory")
	keys, noTTL := r.Keys()
	p := point{r.At, memory, float64(keys), float64(noTTL)}
	if n := len(h.points); n >= 2 && h.points[n-1].at.Sub(h.points[n-2].at) < pointEvery {
		h.points[n-1] = p
	} else {
		h.points = append(h.points, p)
	}
	for len(h.points) > 2 && p.at.Sub(h.points[1].at) >= historyFor {
		h.points = h.points[1:]
	}
}

// over returns the newest point and the oldest one that is no older than the window. A growth between them that is above
// a limit for the window is so all the more if they are nearer together.
func (h *history) over(window time.Duration) (from, to point, ok bool) {
	if len(h.points) < 2 {
		return point{}, point{}, false
	}
	to = h.points[len(h.points)-1]
	for _, p := range h.points {
		if to.at.Sub(p.at) <= window {
			return p, to, true
		}
	}
	return to, to, true
}

// rate is how fast a sum of counters rose between the last two good readings.
func (h *history) rate(counter func(reading.Reading) (float64, bool)) (perSecond float64, ok bool) {
	if h.before == nil {
		return 0, false
	}
	was, ok1 := counter(*h.before)
	is, ok2 := counter(*h.last)
	passed := h.last.At.Sub(h.before.At).Seconds()
	if !ok1 || !ok2 || passed <= 0 {
		return 0, false
	}
	if is < was { // CONFIG RESETSTAT
		was = 0
	}
	return (is - was) / passed, true
}
