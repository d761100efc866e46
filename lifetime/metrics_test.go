package lifetime

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestFiguresAreThereFromTheStart(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(NewMetrics())
	for name, series := range map[string]int{
		"lifetime_fetch_total": 8, "lifetime_fetch_load_seconds": 1,
		"lifetime_lock_total": 7, "lifetime_lock_hold_seconds": 1, "lifetime_ratelimit_total": 3,
		"lifetime_near_reads_total": 3, "lifetime_session_reads_total": 3, "lifetime_tag_reads_total": 3,
	} {
		if n, err := testutil.GatherAndCount(registry, name); err != nil || n != series {
			t.Errorf("%s has %d series, %v; want %d", name, n, err, series)
		}
		if problems, err := testutil.GatherAndLint(registry, name); err != nil || len(problems) > 0 {
			t.Errorf("%s: %v, %v", name, problems, err)
		}
	}
}
