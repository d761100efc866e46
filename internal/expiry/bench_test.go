package expiry

import (
	"math/rand/v2"
	"testing"
	"time"
)

// spread fills an index with n entries of up to an hour, in an order that memory does not know.
func spread(n int, rnd *rand.Rand) *farm {
	f := newFarm(n)
	f.Due(hour)
	for _, i := range rnd.Perm(n) {
		f.add(i, uint64(hour+rnd.Int64N(hour)))
	}
	return f
}

// BenchmarkRearm is a Remove and an Add among a million others.
func BenchmarkRearm(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	f := spread(1_000_000, rnd)
	for b.Loop() {
		h := handle(rnd.IntN(1_000_000))
		f.Remove(h)
		f.node(h).Deadline = uint64(hour + rnd.Int64N(hour))
		f.Add(h)
	}
}

// BenchmarkAdd fills an index in the order of memory, as a load does.
func BenchmarkAdd(b *testing.B) {
	const n = 1_000_000
	rnd := rand.New(rand.NewPCG(3, 4))
	ttl := make([]uint64, n)
	for i := range ttl {
		ttl[i] = uint64(hour + rnd.Int64N(hour))
	}
	f := newFarm(n)
	b.ResetTimer()
	for i := range b.N {
		if i%n == 0 {
			f.Index = New(f.base)
			f.Due(hour)
		}
		f.add(i%n, ttl[i%n])
	}
}

// BenchmarkLife is all that the index does for an entry of up to an hour among a million: armed, refined, fired.
func BenchmarkLife(b *testing.B) {
	const n = 1_000_000
	rnd := rand.New(rand.NewPCG(5, 6))
	entries, moves := 0, uint64(0)
	for range b.N {
		b.StopTimer()
		f := spread(n, rnd)
		b.StartTimer()
		d := &driver{farm: f, now: hour, fired: func(uint32) {}}
		d.runUntil(2*hour, 1000)
		entries += n
		moves += f.Moves()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(entries), "ns/entry")
	b.ReportMetric(float64(moves)/float64(entries), "moves/entry")
}

// BenchmarkCascade refines one slot of a million entries in scattered memory; slice-us is the longest step of 1000.
func BenchmarkCascade(b *testing.B) {
	const n = 1_000_000
	rnd := rand.New(rand.NewPCG(7, 8))
	moves, longest := uint64(0), time.Duration(0)
	for range b.N {
		b.StopTimer()
		f := newFarm(n)
		f.Due(hour) // from here all lie in one slot of level 4
		for _, i := range rnd.Perm(n) {
			f.add(i, uint64(10*hour+rnd.Int64N(hour)))
		}
		now, _ := f.NextMs()
		b.StartTimer()
		for state := More; state == More; {
			start := time.Now()
			_, state = f.Advance(now, 1000)
			longest = max(longest, time.Since(start))
		}
		moves += f.Moves()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(moves), "ns/move")
	b.ReportMetric(float64(longest.Microseconds()), "slice-us")
}
