package lifetime

import (
	"slices"
	"strings"
	"testing"
)

func TestFiguresAreThereFromTheStart(t *testing.T) {
	recorder := NewRecorder()
	for name, series := range map[string]int{
		"lifetime_fetch_total": 8, "lifetime_fetch_load_seconds": 1,
		"lifetime_lock_total": 7, "lifetime_lock_hold_seconds": 1, "lifetime_ratelimit_total": 3,
		"lifetime_near_reads_total": 3, "lifetime_session_reads_total": 3, "lifetime_tag_reads_total": 3,
		"lifetime_near_entries": 1, "lifetime_session_created_total": 1, "redis_clock_skew_seconds": 0,
	} {
		if n := recorder.Series(name); n != series {
			t.Errorf("%s has %d series, want %d", name, n, series)
		}
	}
}

func TestFiguresAreWellFormed(t *testing.T) {
	names := map[string]bool{}
	for _, f := range Figures() {
		if names[f.Name] || f.Help == "" || len(f.Labels) > len(Labels{}) {
			t.Errorf("%s: twice, without help, or with too many labels", f.Name)
		}
		names[f.Name] = true
		if (f.Kind == Counter) != strings.HasSuffix(f.Name, "_total") {
			t.Errorf("%s is of kind %v", f.Name, f.Kind)
		}
		if (f.Kind == Histogram) != (len(f.Buckets) > 0) || !slices.IsSorted(f.Buckets) {
			t.Errorf("%s of kind %v has buckets %v", f.Name, f.Kind, f.Buckets)
		}
		if len(f.Labels) == 0 && !slices.Equal(f.Series, []Labels{{}}) {
			t.Errorf("%s has no labels, and is not there from the start", f.Name)
		}
	}
	if len(names) < 20 {
		t.Errorf("%d figures", len(names))
	}
}
