package sweep

import (
	"cmp"
	"slices"
	"time"
)

// A Failure is a key that could not be changed, and why.
type Failure struct {
	Node  string `json:"node"`
	DB    int    `json:"db"`
	Key   string `json:"key"` // quoted as in Go
	Error string `json:"error"`
}

// A Part is what was done in one keyspace.
type Part struct {
	Node   string `json:"node"`
	DB     int    `json:"db"`
	Done   bool   `json:"done"`
	Counts Counts `json:"counts"`
	Rules  Tally  `json:"rules"`
}

// A Result is what a sweep did, the parts that an earlier run did included.
type Result struct {
	Complete bool          `json:"complete"`
	Resumed  bool          `json:"resumed"`
	Took     time.Duration `json:"took_ns"` // of this run
	Counts   Counts        `json:"counts"`
	Rules    Tally         `json:"rules"`
	Parts    []Part        `json:"parts"`
	Failures []Failure     `json:"failures,omitempty"` // some of them
	Notes    []string      `json:"notes,omitempty"`
	Slow     int           `json:"slow_answers"` // that made it slow down
}

func (s *Sweep) result(complete bool) *Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &Result{Complete: complete, Resumed: s.resumed, Took: time.Since(s.began), Rules: Tally{}, Failures: s.failures, Notes: s.notes, Slow: s.slow}
	for id, p := range s.state.Keyspaces {
		k := s.place[id]
		r.Parts = append(r.Parts, Part{Node: k.Node.Addr, DB: k.DB, Done: p.Done, Counts: p.Counts.Sum(), Rules: p.Counts})
		r.Rules.Add(p.Counts)
	}
	slices.SortFunc(r.Parts, func(a, b Part) int { return cmp.Or(cmp.Compare(a.Node, b.Node), a.DB-b.DB) })
	r.Rules.Add(s.state.Replaced)
	r.Counts = r.Rules.Sum()
	return r
}
