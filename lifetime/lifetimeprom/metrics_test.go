package lifetimeprom

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/curfewkv/curfew/lifetime"
)

// figure is that of a name.
func figure(t testing.TB, name string) *lifetime.Figure {
	t.Helper()
	for _, f := range lifetime.Figures() {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("there is no figure %s", name)
	return nil
}

func TestFiguresAreThereFromTheStart(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(New())
	for name, series := range map[string]int{
		"lifetime_fetch_total": 8, "lifetime_fetch_load_seconds": 1,
		"lifetime_lock_total": 7, "lifetime_lock_hold_seconds": 1, "lifetime_ratelimit_total": 3,
		"lifetime_near_reads_total": 3, "lifetime_session_reads_total": 3, "lifetime_tag_reads_total": 3,
		"lifetime_near_drops_total": 1, "lifetime_near_bytes": 1, "lifetime_session_created_total": 1,
	} {
		if n, err := testutil.GatherAndCount(registry, name); err != nil || n != series {
			t.Errorf("%s has %d series, %v; want %d", name, n, err, series)
		}
		if problems, err := testutil.GatherAndLint(registry, name); err != nil || len(problems) > 0 {
			t.Errorf("%s: %v, %v", name, problems, err)
		}
	}
}

func TestEveryFigureCanBeTold(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	m := New()
	registry.MustRegister(m)
	for _, f := range lifetime.Figures() {
		var labels lifetime.Labels
		for i := range f.Labels {
			labels[i] = "x"
		}
		switch f.Kind {
		case lifetime.Counter, lifetime.Level:
			m.Add(f, labels, 1)
		case lifetime.Histogram:
			m.Observe(f, labels, 1)
		case lifetime.Gauge:
			m.Set(f, labels, 1)
		}
		if n, err := testutil.GatherAndCount(registry, f.Name); n == 0 || err != nil {
			t.Errorf("%s has %d series, %v", f.Name, n, err)
		}
	}
}

func TestFiguresAreShown(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	m := New()
	registry.MustRegister(m)
	m.Add(figure(t, "redis_invalidation_total"), lifetime.Labels{"eu"}, 2500)
	m.Add(figure(t, "redis_invalidation_total"), lifetime.Labels{"eu"}, 1)
	m.Observe(figure(t, "redis_invalidation_latency"), lifetime.Labels{"eu"}, 0.01)
	m.Add(figure(t, "lifetime_near_bytes"), lifetime.Labels{}, 300)
	m.Add(figure(t, "lifetime_near_bytes"), lifetime.Labels{}, -100)
	m.Set(figure(t, "lifetime_relay_lag_seconds"), lifetime.Labels{"eu", "us"}, 1.5)
	if err := testutil.GatherAndCompare(registry, strings.NewReader(`# HELP lifetime_near_bytes Bytes of the values kept in the process, with keys and overhead.
# TYPE lifetime_near_bytes gauge
lifetime_near_bytes 200
# HELP lifetime_relay_lag_seconds Age of the newest applied invalidation of another region; it includes the difference of the clocks.
# TYPE lifetime_relay_lag_seconds gauge
lifetime_relay_lag_seconds{region="eu",source="us"} 1.5
# HELP redis_invalidation_total Keys and tags that were invalidated explicitly, whether they existed or not.
# TYPE redis_invalidation_total counter
redis_invalidation_total{region="eu"} 2501
`), "redis_invalidation_total", "lifetime_near_bytes", "lifetime_relay_lag_seconds"); err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(registry, "redis_invalidation_latency"); n != 1 || err != nil {
		t.Errorf("redis_invalidation_latency: %d, %v", n, err)
	}
}

func TestAGaugeForgetsWhatIsGone(t *testing.T) {
	m := New()
	skew := figure(t, "redis_clock_skew_seconds")
	for _, nodes := range []map[lifetime.Labels]float64{{{"a"}: 1, {"b"}: 2}, {{"b"}: 3}, nil, {{"c"}: 4}} {
		m.SetAll(skew, nodes)
		if n := testutil.CollectAndCount(m, skew.Name); n != len(nodes) {
			t.Errorf("%d nodes are shown of %v", n, nodes)
		}
	}
	m.Set(skew, lifetime.Labels{"d"}, 5)
	if n := testutil.CollectAndCount(m, skew.Name); n != 2 {
		t.Errorf("%d nodes are shown, want c and d", n)
	}
}
