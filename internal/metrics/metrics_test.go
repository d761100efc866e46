package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

func TestInfoLinesComeInDeclaredOrder(t *testing.T) {
	s := NewSet()
	hits := s.Counter("stats", "keyspace_hits", "reads that found a key", Resettable())
	s.Gauge("memory", "used_memory", "bytes", func() int64 { return 42 })
	s.Text("stats", "policy", "name", func() string { return "noeviction" })
	s.CounterFunc("stats", "owned", "kept elsewhere", func() int64 { return 7 })
	hits.Add(2)
	hits.AddAt(-1, 1)
	got := string(s.AppendInfo([]byte("# Stats\r\n"), "STATS"))
	want := "# Stats\r\nkeyspace_hits:3\r\npolicy:noeviction\r\nowned:7\r\n"
	if got != want {
		t.Fatalf("AppendInfo = %q, want %q", got, want)
	}
	var names []string
	s.Each(func(f Figure) { names = append(names, f.Name) })
	if !slices.Equal(names, []string{"keyspace_hits", "used_memory", "policy", "owned"}) {
		t.Fatalf("Each gave %v", names)
	}
}

func TestArrangedFiguresComeFirst(t *testing.T) {
	s := NewSet()
	for _, name := range []string{"own", "b", "a"} {
		s.Gauge("stats", name, "", func() int64 { return 1 })
	}
	s.Gauge("memory", "a", "", func() int64 { return 2 })
	s.Arrange("Stats", []string{"a", "not there", "b"})
	if got, want := string(s.AppendInfo(nil, "stats")), "a:1\r\nb:1\r\nown:1\r\n"; got != want {
		t.Errorf("AppendInfo = %q, want %q", got, want)
	}
}

func TestResetZeroesOnlyWhatIsResettable(t *testing.T) {
	s := NewSet()
	a := s.Counter("stats", "a", "", Resettable())
	b := s.Counter("stats", "b", "")
	ran := false
	s.OnReset(func() { ran = true })
	a.AddAt(3, 5)
	b.Add(5)
	s.Reset()
	if a.Load() != 0 || b.Load() != 5 || !ran {
		t.Fatalf("after Reset: a=%d b=%d OnReset ran=%v", a.Load(), b.Load(), ran)
	}
}

func TestDeclaringAFieldTwicePanics(t *testing.T) {
	s := NewSet()
	s.Counter("stats", "a", "")
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	s.Gauge("Stats", "a", "", func() int64 { return 0 })
}

func TestCounterLosesNothingUnderConcurrency(t *testing.T) {
	c := NewCounter()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 1000 {
				c.AddAt(g, 1)
			}
		}()
	}
	wg.Wait()
	if c.Load() != 8000 {
		t.Fatalf("Load = %d, want 8000", c.Load())
	}
}

func TestBucketsTouchAndAreNarrow(t *testing.T) {
	for i := range buckets - 1 {
		if got := bucketOf(upper(i)); got != i {
			t.Fatalf("bucketOf(upper(%d)=%d) = %d", i, upper(i), got)
		}
		if got := bucketOf(upper(i) + 1); got != i+1 {
			t.Fatalf("bucketOf(%d) = %d, want %d", upper(i)+1, got, i+1)
		}
		if i > 0 {
			width := upper(i) - upper(i-1)
			if float64(width) > max(1, float64(upper(i))/subBuckets) {
				t.Fatalf("bucket %d up to %d is %d wide", i, upper(i), width)
			}
		}
	}
	if bucketOf(math.MaxInt64) != buckets-1 {
		t.Fatal("the greatest value is not in the last bucket")
	}
}

func TestPercentileIsWithinABucketOfTheExactOne(t *testing.T) {
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, seed))
	h := NewHistogram()
	var all []int64
	for range 20000 {
		v := int64(math.Exp(rng.Float64() * 25)) // up to 72 s, all magnitudes alike
		all = append(all, v)
		h.Record(v)
	}
	slices.Sort(all)
	for _, p := range []float64{0, 1, 50, 90, 99, 99.9, 100} {
		rank := max(int(math.Ceil(p/100*float64(len(all)))), 1)
		exact := all[rank-1]
		got := h.Percentile(p)
		if got < exact || float64(got) > float64(exact)*(1+1.0/subBuckets)+1 {
			t.Errorf("seed %d: p%g = %d, exact %d", seed, p, got, exact)
		}
	}
	if h.Max() != all[len(all)-1] || h.Percentile(100) != h.Max() || h.Count() != 20000 {
		t.Errorf("Max %d, p100 %d, Count %d", h.Max(), h.Percentile(100), h.Count())
	}
}

func TestHistogramEdges(t *testing.T) {
	h := NewHistogram()
	if h.Percentile(50) != 0 {
		t.Fatal("an empty histogram has a percentile")
	}
	h.Record(-5)
	if h.Count() != 1 || h.Sum() != 0 || h.Percentile(99) != 0 {
		t.Fatalf("a negative duration: count %d sum %d", h.Count(), h.Sum())
	}
	h.Record(math.MaxInt64 / 2)
	if h.Percentile(100) != math.MaxInt64/2 {
		t.Fatalf("p100 = %d, want the exact maximum", h.Percentile(100))
	}
	sum := NewHistogram()
	sum.Record(7)
	sum.Merge(h)
	if sum.Count() != 3 || sum.Max() != h.Max() {
		t.Fatalf("Merge: count %d max %d", sum.Count(), sum.Max())
	}
	var uppers []int64
	sum.Each(func(u, _ int64) { uppers = append(uppers, u) })
	if !slices.Equal(uppers, []int64{0, 7, math.MaxInt64}) {
		t.Fatalf("Each gave %v", uppers)
	}
	sum.Reset()
	if sum.Count() != 0 || sum.Max() != 0 || sum.Sum() != 0 {
		t.Fatal("Reset left something")
	}
}

func TestRecordAndAddDoNotAllocate(t *testing.T) {
	h, c := NewHistogram(), NewCounter()
	if n := testing.AllocsPerRun(100, func() { h.Record(12345); c.AddAt(1, 1) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	h := NewHistogram()
	for i := 0; b.Loop(); i++ {
		h.Record(int64(i & 0xffff))
	}
}

func BenchmarkCounter(b *testing.B) {
	c := NewCounter()
	for b.Loop() {
		c.AddAt(1, 1)
	}
}
