package audit

import (
	"math"
	"slices"

	"github.com/curfewkv/curfew/resp/glob"
)

// NotSeen is the row of keys that INFO counts but of which the sample has none: so few without a TTL, for instance, among so
// many that none was drawn.
const NotSeen = "(not seen)"

// sample is the keys that were looked at, each with the stratum that it was drawn from. Keyspace i has the strata 2i, keys
// with a TTL, and 2i+1, keys without. Where INFO is refused, all are in 2i.
type sample struct {
	records []Record
	of      []int // strata
	strata  []stratum
	mixed   []bool // strata that have keys with a TTL and without
}

func newSample(keyspaces int) *sample {
	return &sample{strata: make([]stratum, 2*keyspaces), mixed: make([]bool, 2*keyspaces)}
}

// add takes what was drawn from a keyspace.
func (s *sample) add(keyspace int, records []Record, info *Keyspace) {
	with, without := &s.strata[2*keyspace], &s.strata[2*keyspace+1]
	known := info.Expires >= 0 || info.Method == methodScan
	s.mixed[2*keyspace] = !known
	for _, r := range records {
		stratum := 2 * keyspace
		if known && r.TTL == NoTTL {
			stratum++
		}
		s.strata[stratum].drawn++
		s.of = append(s.of, stratum)
	}
	s.records = append(s.records, records...)
	switch {
	case info.Method == methodScan: // all were looked at, so there are no others
		with.size, without.size = with.drawn, without.drawn
	case known:
		with.size, without.size = float64(info.Expires), float64(info.NoTTL)
	default:
		with.size = float64(info.Keys)
	}
}

func (s *sample) row(pattern string, list []int32) Row {
	g := group{}
	seen := make([]tally, len(s.strata))
	for _, i := range list {
		r, of := &s.records[i], s.of[i]
		g.add(r, s.strata[of].weight())
		seen[of].add(r)
	}
	row := g.row(pattern)
	row.Looked = int64(len(list))
	row.Keys = estimateKeys(s.strata, seen)
	row.Bytes = estimateBytes(s.strata, seen)
	row.NoTTL = s.noTTL(list)
	return row
}

// noTTL estimates the keys without a TTL of a row. The strata of keys with one have none, which is known rather than guessed.
func (s *sample) noTTL(list []int32) Estimate {
	seen := make([]tally, len(s.strata))
	for _, i := range list {
		if s.records[i].TTL == NoTTL {
			seen[s.of[i]].keys++
		}
	}
	strata := make([]stratum, len(s.strata))
	for i := range strata {
		if i%2 == 1 || s.mixed[i] {
			strata[i] = s.strata[i]
		}
	}
	return estimateKeys(strata, seen)
}

// report puts the estimates into a report.
func (s *sample) report(o Options, report *Report) error {
	partly := slices.ContainsFunc(s.strata, func(s stratum) bool { return s.left() > 0 })
	counter, err := newCounter(o, partly, func(into, from *[]int32) { *into = append(*into, *from...) })
	if err != nil {
		return err
	}
	all := make([]int32, len(s.records))
	for i := range s.records {
		all[i] = int32(i)
		list := counter.At(s.records[i].Key, weightOf(&s.records[i])*s.strata[s.of[i]].weight())
		*list = append(*list, int32(i))
	}
	for _, row := range counter.Rows() {
		report.Prefixes = append(report.Prefixes, s.row(row.Pattern, row.Value))
	}
	for _, pattern := range o.Asked {
		var list []int32
		for i := range s.records {
			if glob.Match([]byte(pattern), []byte(s.records[i].Key), false) {
				list = append(list, int32(i))
			}
		}
		report.Asked = append(report.Asked, s.row(pattern, list))
	}
	report.Total = s.row("", all)
	report.Looked = int64(len(all))
	s.unseen(report)
	// What the strata hold is counted, not estimated.
	report.Total.Keys = exactly(math.Round(report.Total.Keys.Value))
	if !slices.Contains(s.mixed, true) {
		report.Total.NoTTL = exactly(math.Round(report.Total.NoTTL.Value))
	}
	if report.Total.Biggest != nil {
		g := group{}
		for i := range s.records {
			if s.records[i].Bytes >= 0 {
				g.addBiggest(&s.records[i])
			}
		}
		report.Biggest = append(report.Biggest, g.Biggest...)
	}
	return nil
}

// unseen adds the row of the strata of which no key was drawn.
func (s *sample) unseen(report *Report) {
	g := group{}
	for i, stratum := range s.strata {
		if stratum.drawn > 0 || stratum.size == 0 {
			continue
		}
		g.Keys += stratum.size
		if i%2 == 1 {
			g.NoTTL += stratum.size
			g.Classes[classNone] += stratum.size
		}
	}
	if g.Keys == 0 {
		return
	}
	row := g.row(NotSeen)
	report.Prefixes = append(report.Prefixes, row)
	total := &report.Total
	total.Keys.Value += g.Keys
	total.NoTTL.Value += g.NoTTL
	total.TTL[classNone].Keys += g.NoTTL
}
