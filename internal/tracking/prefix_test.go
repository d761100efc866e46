package tracking

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/session"
)

// manyPrefixes are n prefixes of one length.
func manyPrefixes(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("user:%06d:", i)
	}
	return out
}

// allocated is how many bytes fn allocates.
func allocated(fn func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// A session with ten times the prefixes costs about ten times as much to come and to go, not a hundred times.
func TestASessionCostsWhatItsOwnPrefixesCost(t *testing.T) {
	r := newRig(t)
	other := r.session(3)
	r.on(other, Options{BCast: true, Prefixes: manyPrefixes(10_000)})
	cost := func(n int) int64 {
		s := r.session(3)
		prefixes := manyPrefixes(n)
		return allocated(func() {
			r.on(s, Options{BCast: true, Prefixes: prefixes[n/2:]})
			r.on(s, Options{BCast: true, Prefixes: prefixes[:n/2]})
			r.table.Off(s)
		})
	}
	cost(100)
	if few, many := cost(500), cost(5000); many > 20*few {
		t.Errorf("500 prefixes allocate %d bytes, 5,000 allocate %d", few, many)
	}
	r.table.Off(other)
	if few, many := cost(500), cost(5000); many > 20*few {
		t.Errorf("alone, 500 prefixes allocate %d bytes, 5,000 allocate %d", few, many)
	}
	if _, _, _, prefixes := r.table.Counts(); prefixes != 0 {
		t.Errorf("%d prefixes are left", prefixes)
	}
}

// A change is looked up once for each length that prefixes have, however many prefixes there are.
func TestAChangeIsLookedUpByTheLengthsOfPrefixes(t *testing.T) {
	r := newRig(t)
	a, b := r.session(3), r.session(3)
	r.on(a, Options{BCast: true, Prefixes: manyPrefixes(1000)})
	r.on(b, Options{BCast: true, Prefixes: []string{"u", "order:"}})
	if n := len(r.table.cast.lengthCounts()); n != 3 {
		t.Errorf("%d lengths", n)
	}
	r.write(nil, "user:000007:x", "user:001000:x", "order:1", "o")
	r.table.Flush()
	r.hears(a, push("user:000007:x"))
	r.hears(b, push("order:1")+push("user:000007:x", "user:001000:x"))
	r.table.Off(b)
	if n := len(r.table.cast.lengthCounts()); n != 1 {
		t.Errorf("%d lengths after a session has gone", n)
	}
}

// overlapsByComparing is checkOverlaps as Redis has it: each with each, in order.
func overlapsByComparing(prefixes, old []string) string {
	for i, p := range prefixes {
		for _, q := range old {
			if overlap(p, q) {
				return fmt.Sprintf("Prefix '%s' overlaps with an existing prefix '%s'. Prefixes for a single client must not overlap.", p, q)
			}
		}
		for _, q := range prefixes[i+1:] {
			if overlap(p, q) {
				return fmt.Sprintf("Prefix '%s' overlaps with another provided prefix '%s'. Prefixes for a single client must not overlap.", p, q)
			}
		}
	}
	return ""
}

func TestTheFirstOverlapIsTheOneThatComparingFinds(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	draw := func() (out []string) {
		for range rnd.IntN(6) {
			b := make([]byte, rnd.IntN(5))
			for i := range b {
				b[i] = 'a' + byte(rnd.IntN(3))
			}
			out = append(out, string(b))
		}
		return out
	}
	for range 50_000 {
		r := newRig(t)
		s := r.session(3)
		if err := r.table.On(s, Options{BCast: true, Prefixes: draw()}); err != nil {
			continue
		}
		old, o := s.Tracking.Prefixes, Options{BCast: true, Prefixes: draw()}
		got, want := "", overlapsByComparing(o.Prefixes, old)
		if err := checkOverlaps(o.Prefixes, &session.Tracking{Prefixes: old}); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Fatalf("%q after %q: %q, want %q", o.Prefixes, old, got, want)
		}
		if err := r.table.On(s, o); err != nil {
			continue
		}
		for i, p := range s.Tracking.Prefixes {
			if i > 0 && s.Tracking.Prefixes[i-1] >= p {
				t.Fatalf("%q and %q became %q", old, o.Prefixes, s.Tracking.Prefixes)
			}
		}
	}
}
