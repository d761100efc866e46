package audit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// population is the keys of a server that a test draws from.
type population struct {
	records []Record
	info    Keyspace
}

func newPopulation(r *rand.Rand, size int) *population {
	p := &population{info: Keyspace{Keys: int64(size), Method: methodSample}}
	for i := range size {
		record := Record{TTL: time.Hour, Idle: unknown, Freq: unknown, Type: "string"}
		switch x := r.Float64(); {
		case x < 0.55:
			record.Key, record.Bytes = fmt.Sprintf("session:%d", i), 200+int64(r.IntN(200))
		case x < 0.85:
			record.Key, record.Bytes = fmt.Sprintf("cache:%d", i), int64(100*math.Exp(r.NormFloat64()))
			if r.IntN(3) == 0 {
				record.TTL = NoTTL
			}
		case x < 0.99:
			record.Key, record.Bytes, record.TTL = fmt.Sprintf("user:%d", i), 500, NoTTL
		default:
			record.Key, record.Bytes = fmt.Sprintf("rare:%d", i), 80
		}
		if record.TTL == NoTTL {
			p.info.NoTTL++
		}
		p.records = append(p.records, record)
	}
	p.info.Expires = p.info.Keys - p.info.NoTTL
	return p
}

func (p *population) truth(pattern string) group {
	var g group
	for i := range p.records {
		if pattern == "" || p.records[i].Key[:4] == pattern[:4] {
			g.add(&p.records[i], 1)
		}
	}
	return g
}

func (p *population) draw(r *rand.Rand, n int) []Record {
	list := make([]Record, n)
	for i, at := range r.Perm(len(p.records))[:n] {
		list[i] = p.records[at]
	}
	return list
}

// The interval must hold the truth in 95 of 100 samples: more often means that it is too wide, less often that it promises
// too much. Two keyspaces are sampled at different rates, one of them without counts from INFO.
func TestIntervalsHoldTheTruthAsOftenAsTheySay(t *testing.T) {
	const (
		seed = 20261121
		runs = 400
	)
	r := rand.New(rand.NewPCG(seed, seed))
	first, second := newPopulation(r, 20_000), newPopulation(r, 5_000)
	second.info.Expires, second.info.NoTTL = unknown, unknown
	held := map[string]int{}
	patterns := []string{"session:*", "cache:*", "user:*", "rare:*"}
	for _, pattern := range patterns { // one that never holds is judged as well
		held["keys of "+pattern], held["no_ttl of "+pattern], held["bytes of "+pattern] = 0, 0, 0
	}
	for range runs {
		s := newSample(2)
		s.add(0, first.draw(r, 1000), &first.info)
		s.add(1, second.draw(r, 400), &second.info)
		report := &Report{}
		o, err := Options{Prefixes: patterns}.check()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.report(o, report); err != nil {
			t.Fatal(err)
		}
		for i, pattern := range patterns {
			row, a, b := &report.Prefixes[i], first.truth(pattern), second.truth(pattern)
			for figure, is := range map[string]bool{
				"keys":   row.Keys.Low <= a.Keys+b.Keys && a.Keys+b.Keys <= row.Keys.High,
				"no_ttl": row.NoTTL.Low <= a.NoTTL+b.NoTTL && a.NoTTL+b.NoTTL <= row.NoTTL.High,
				"bytes":  row.Bytes.Low <= a.Bytes+b.Bytes && a.Bytes+b.Bytes <= row.Bytes.High,
			} {
				if is {
					held[figure+" of "+pattern]++
				}
			}
		}
	}
	for what, n := range held {
		share, low, high := float64(n)/runs, 0.93, 0.985
		switch what {
		case "no_ttl of session:*", "no_ttl of rare:*":
			high = 1 // there are none, and none are found
		case "bytes of rare:*", "bytes of cache:*":
			low = 0.90 // few keys, or a few that weigh much: the normal interval is a little too narrow
		case "keys of rare:*":
			high = 0.995 // the interval of few keys errs on the wide side
		}
		t.Logf("%s: held in %.1f%%", what, 100*share)
		if share < low || share > high {
			t.Errorf("seed %d: the interval of %s held the truth in %.1f%% of %d samples", seed, what, 100*share, runs)
		}
	}
}

func TestASampleOfAllIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	p := newPopulation(r, 3000)
	s := newSample(1)
	s.add(0, p.draw(r, 3000), &p.info)
	report := &Report{}
	if err := s.report(Options{}, report); err != nil {
		t.Fatal(err)
	}
	for _, row := range report.Prefixes {
		truth := p.truth(row.Prefix)
		if !row.Keys.Exact() || !row.Bytes.Exact() || math.Abs(row.Keys.Value-truth.Keys) > 1e-6 || math.Abs(row.Bytes.Value-truth.Bytes) > 1e-3 {
			t.Errorf("%s: %+v %+v, want %g keys of %g bytes", row.Prefix, row.Keys, row.Bytes, truth.Keys, truth.Bytes)
		}
	}
}

func TestKeysOfWhichNoneWasDrawnHaveARow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	s := newSample(1)
	var list []Record
	for i := range 100 {
		list = append(list, Record{Key: fmt.Sprintf("s:%d", r.IntN(1e9)+i), TTL: time.Minute, Bytes: 50, Idle: unknown, Freq: unknown})
	}
	s.add(0, list, &Keyspace{Keys: 10_003, Expires: 10_000, NoTTL: 3, Method: methodSample})
	report := &Report{}
	if err := s.report(Options{}, report); err != nil {
		t.Fatal(err)
	}
	if len(report.Prefixes) != 2 {
		t.Fatalf("%+v", report.Prefixes)
	}
	seen, not := report.Prefixes[0], report.Prefixes[1]
	if seen.Keys.Value != 10_000 || not.Prefix != NotSeen || not.NoTTL.Value != 3 || report.Total.Keys.Value != 10_003 || report.Total.NoTTL.Value != 3 {
		t.Errorf("%+v", report)
	}
}

func TestTheSampleIsAsBigAsThePrecisionAsks(t *testing.T) {
	for precision, want := range map[float64]int{0.01: 9604, 0.005: 38415, 0.1: 97} {
		o, err := Options{Precision: precision}.check()
		if err != nil || o.Samples != want {
			t.Errorf("±%g: %d keys, want %d (%v)", precision, o.Samples, want, err)
		}
	}
}

func TestQuantilesAreWithinTwoPercent(t *testing.T) {
	var s, odd, even sketch
	for i := 1; i <= 10_000; i++ {
		s.add(float64(i), 1)
		if i%2 == 1 {
			odd.add(float64(i), 1)
		} else {
			even.add(float64(i), 1)
		}
	}
	odd.merge(even)
	for q, want := range map[float64]float64{0.5: 5000, 0.9: 9000, 0.01: 100, 1: 10_000} {
		for _, of := range []sketch{s, odd} {
			if got, ok := of.quantile(q); !ok || math.Abs(got-want) > 0.021*want {
				t.Errorf("quantile %g is %g, want %g", q, got, want)
			}
		}
	}
	if _, ok := (sketch)(nil).quantile(0.5); ok {
		t.Error("nothing has a median")
	}
}
