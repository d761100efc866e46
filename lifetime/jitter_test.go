package lifetime

import (
	"math"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestJitterStaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := Jitter{
			Percent: rapid.Float64Range(-10, 110).Draw(t, "percent"),
			PerKey:  rapid.Bool().Draw(t, "per key"),
			Seed:    rapid.Uint64().Draw(t, "seed"),
		}
		ttl := time.Duration(rapid.Int64Range(-1, math.MaxInt64).Draw(t, "ttl"))
		key := rapid.String().Draw(t, "key")
		got := j.TTL(ttl, key)
		if got < time.Millisecond || got%time.Millisecond != 0 {
			t.Fatalf("%v is no TTL", got)
		}
		base := max(time.Millisecond, ttl.Round(time.Millisecond)/time.Millisecond*time.Millisecond)
		off := math.Abs(float64(got) - float64(base))
		// A float64 has 53 bits, and the longest TTL 63.
		if allowed := float64(base)*min(max(j.Percent, 0), 100)/100 + float64(base)/(1<<50); off > allowed {
			t.Fatalf("%v of %v is further away than %v%%", got, base, j.Percent)
		}
		if j.PerKey && got != j.TTL(ttl, key) {
			t.Fatal("the same key got another TTL")
		}
	})
}

func TestJitterIsSymmetricAndEven(t *testing.T) {
	const n, buckets = 200_000, 21
	for name, j := range map[string]Jitter{
		"random":         {Percent: 10},
		"per key":        {Percent: 10, PerKey: true},
		"per key seeded": {Percent: 10, PerKey: true, Seed: 7},
	} {
		// 100 ms with 10%: the 21 values 90 to 110.
		var count [buckets]int
		sum := 0.0
		for i := range n {
			ms := j.TTL(100*time.Millisecond, "session:"+strconv.Itoa(i)).Milliseconds()
			if ms < 90 || ms > 110 {
				t.Fatalf("%s: %d ms", name, ms)
			}
			count[ms-90]++
			sum += float64(ms)
		}
		// The mean of n even draws from 90..110 has a standard deviation of 6.06/sqrt(n); five of them.
		if mean := sum / n; math.Abs(mean-100) > 5*6.06/math.Sqrt(n) {
			t.Errorf("%s: the mean is %v", name, mean)
		}
		// Chi-square with 20 degrees of freedom is above 59.7 once in 100,000 times.
		chi, want := 0.0, float64(n)/buckets
		for _, c := range count {
			chi += (float64(c) - want) * (float64(c) - want) / want
		}
		if chi > 59.7 {
			t.Errorf("%s: chi-square %v: %v", name, chi, count)
		}
	}
}

func TestSeedsMoveKeysApart(t *testing.T) {
	a, b := Jitter{Percent: 20, PerKey: true}, Jitter{Percent: 20, PerKey: true, Seed: 1}
	same := 0
	for i := range 1000 {
		if key := strconv.Itoa(i); a.TTL(time.Hour, key) == b.TTL(time.Hour, key) {
			same++
		}
	}
	if same > 5 {
		t.Errorf("%d of 1000 keys have the same TTL under another seed", same)
	}
}

func TestNoJitterChangesNothing(t *testing.T) {
	for ttl, want := range map[time.Duration]time.Duration{
		time.Hour: time.Hour, 0: time.Millisecond, time.Microsecond: time.Millisecond, 1500*time.Microsecond + 1: 2 * time.Millisecond,
	} {
		if got := (Jitter{}).TTL(ttl, "k"); got != want {
			t.Errorf("%v became %v", ttl, got)
		}
	}
}
