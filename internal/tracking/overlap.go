package tracking

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/curfewkv/curfew/internal/session"
)

// overlap reports whether some key begins with both.
func overlap(p, q string) bool { return strings.HasPrefix(p, q) || strings.HasPrefix(q, p) }

// checkOverlaps refuses prefixes that overlap with each other or with those that the session has, which old may be nil for.
// Of several overlaps it names the one that comparing each with each in order finds first, without comparing so.
func checkOverlaps(prefixes []string, old *session.Tracking) error {
	i, j, among := firstOverlap(prefixes)
	last := len(prefixes)
	if among {
		last = i + 1
	}
	if old != nil {
		for _, p := range prefixes[:last] {
			if q, there := overlapWith(old.Prefixes, p); there {
				return fmt.Errorf("Prefix '%s' overlaps with an existing prefix '%s'. Prefixes for a single client must not overlap.", p, q)
			}
		}
	}
	if among {
		return fmt.Errorf("Prefix '%s' overlaps with another provided prefix '%s'. Prefixes for a single client must not overlap.", prefixes[i], prefixes[j])
	}
	return nil
}

// overlapWith finds the first of the sorted prefixes that overlaps with p. They do not overlap with each other, but for the
// empty one, which comes first; so an overlap is next to the place of p.
func overlapWith(sorted []string, p string) (q string, there bool) {
	if len(sorted) > 0 && (sorted[0] == "" || p == "") {
		return sorted[0], true
	}
	i, _ := slices.BinarySearch(sorted, p)
	if i > 0 && overlap(p, sorted[i-1]) {
		return sorted[i-1], true
	}
	if i < len(sorted) && overlap(p, sorted[i]) {
		return sorted[i], true
	}
	return "", false
}

// firstOverlap finds the lowest i for which some prefixes[j] behind it overlaps, and the lowest such j.
func firstOverlap(prefixes []string) (i, j int, there bool) {
	order := make([]int, len(prefixes))
	for at := range order {
		order[at] = at
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(prefixes[a], prefixes[b]) })
	// In this order each one comes behind all that it begins with: they lie on the stack, each with the lowest index from it down.
	type entry struct{ at, lowest int }
	var begins []entry
	first := len(prefixes)
	for _, at := range order {
		for len(begins) > 0 && !strings.HasPrefix(prefixes[at], prefixes[begins[len(begins)-1].at]) {
			begins = begins[:len(begins)-1]
		}
		lowest := at
		if n := len(begins); n > 0 {
			lowest = min(lowest, begins[n-1].lowest)
			first = min(first, lowest)
		}
		begins = append(begins, entry{at, lowest})
	}
	for j = first + 1; j < len(prefixes); j++ {
		if overlap(prefixes[first], prefixes[j]) {
			return first, j, true
		}
	}
	return 0, 0, false
}
