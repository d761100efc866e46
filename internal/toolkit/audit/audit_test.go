package audit

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/test/rig"
)

func open(t testing.TB, o connect.Options) *connect.Target {
	t.Helper()
	target, err := connect.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	return target
}

func run(t testing.TB, target *connect.Target, o Options) *Report {
	t.Helper()
	report, err := Run(t.Context(), target, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func rowOf(t testing.TB, r *Report, pattern string) *Row {
	t.Helper()
	i := slices.IndexFunc(r.Prefixes, func(row Row) bool { return row.Prefix == pattern })
	if i < 0 {
		var all []string
		for _, row := range r.Prefixes {
			all = append(all, row.Prefix)
		}
		t.Fatalf("no row %s among %q", pattern, all)
	}
	return &r.Prefixes[i]
}

// fill writes 1,000 sessions with a TTL, 300 profiles and 100 carts without.
func fill(t testing.TB, target *connect.Target) {
	t.Helper()
	pipe := target.Client.Pipeline()
	for i := range 1000 {
		pipe.Do(t.Context(), "SET", fmt.Sprintf("session:%d", i), strings.Repeat("x", 100), "EX", 1800)
	}
	for i := range 300 {
		pipe.Do(t.Context(), "SET", fmt.Sprintf("user:%d:profile", i), strings.Repeat("x", 500))
	}
	for i := range 100 {
		pipe.Do(t.Context(), "SET", fmt.Sprintf("{cart:%d}:items", i), "x")
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestStandalone(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...string) *rig.Server{"redis": rig.Redis, "curfew": rig.Curfew} {
		t.Run(name, func(t *testing.T) {
			target := open(t, connect.Options{Addrs: []string{start(t).Addr}})
			fill(t, target)
			for what, o := range map[string]Options{"whole": {}, "exact": {Exact: true}} {
				r := run(t, target, o)
				session := rowOf(t, r, "session:*")
				profile := rowOf(t, r, "user:*:profile")
				switch {
				case r.Total.Keys != exactly(1400) || r.Total.NoTTL != exactly(400) || len(r.Prefixes) != 3 || !r.Complete:
					t.Errorf("%s: %+v", what, r)
				case session.Keys != exactly(1000) || session.NoTTL.Value != 0 || *session.TTLMedian < 1_700_000 || *session.TTLMedian > 1_840_000:
					t.Errorf("%s: %+v", what, session)
				case profile.NoTTL != exactly(300) || profile.Bytes.Value < 300*500 || profile.TTLMedian != nil:
					t.Errorf("%s: %+v", what, profile)
				case rowOf(t, r, "{cart:*}:items").Types["string"] != 100:
					t.Errorf("%s: %+v", what, r.Prefixes)
				}
			}
			r := run(t, target, Options{Samples: 300})
			if r.Total.Keys != exactly(1400) || r.Total.NoTTL != exactly(400) || r.Looked != 300 {
				t.Errorf("%+v", r)
			}
			sum := 0.0
			for _, row := range r.Prefixes {
				sum += row.Keys.Value
			}
			if sum < 1399.9 || sum > 1400.1 {
				t.Errorf("the rows add up to %g keys", sum)
			}
			// The draw is the server's, and has no seed: half the interval's width is 2 standard deviations, 3 times that are never
			// missed by chance.
			for pattern, keys := range map[string]float64{"session:*": 1000, "user:*:profile": 300, "{cart:*}:items": 100} {
				e := rowOf(t, r, pattern).Keys
				if wide := margin(e); wide > 60 || math.Abs(e.Value-keys) > 3*max(wide, 1) {
					t.Errorf("%g keys of %s are estimated as %+v", keys, pattern, e)
				}
			}
		})
	}
}
