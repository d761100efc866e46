package skew

import (
	"time"

	"github.com/curfewkv/curfew/lifetime"
)

// State is what can be said of a skew and its limit.
type State string

const (
	Within   State = "within"   // no skew above the limit is possible
	Perhaps  State = "perhaps"  // the limit lies within the error bound
	Exceeded State = "exceeded" // proven: even at the favourable end of the error bound
)

// A Verdict is the worst that was found among a set of clocks.
type Verdict struct {
	State State
	// Worst is the pair that the state is about: the widest proven skew if that exceeds, else the widest possible one.
	Worst    lifetime.Skew
	Compared int // clocks, this host's included if it was
}

// Judge compares every node that answered with every other, and with this host if withHost is set. A report of a node
// alone, without this host, compares nothing: Compared says so.
func Judge(report lifetime.SkewReport, limit time.Duration, withHost bool) Verdict {
	var clocks []lifetime.ClockReading
	if withHost {
		clocks = append(clocks, lifetime.ClockReading{Node: lifetime.ThisHost})
	}
	for _, n := range report.Nodes {
		if n.Err == nil {
			clocks = append(clocks, n)
		}
	}
	v := Verdict{State: Within, Compared: len(clocks)}
	var proven, possible lifetime.Skew
	for i, a := range clocks {
		for _, b := range clocks[i+1:] {
			s := lifetime.Skew{A: a.Node, B: b.Node, Offset: b.Offset - a.Offset, Bound: a.Bound + b.Bound}
			if s.Offset < 0 { // so that B is ahead, as a person would say it
				s.A, s.B, s.Offset = s.B, s.A, -s.Offset
			}
			if proven.A == "" || s.Proven() > proven.Proven() {
				proven = s
			}
			if possible.A == "" || s.Possible() > possible.Possible() {
				possible = s
			}
		}
	}
	v.Worst = possible
	switch {
	case proven.Proven() > limit:
		v.State, v.Worst = Exceeded, proven
	case possible.Possible() > limit:
		v.State = Perhaps
	}
	return v
}
