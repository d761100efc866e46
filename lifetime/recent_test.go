package lifetime

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Against a list in the order of use, whose first goes.
func TestWhatWasUsedLeastRecentlyGoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(0, 5).Draw(t, "most")
		var want, gone, wantGone []string // as key=value
		r := newRecent(most, func(key string, value int) { gone = append(gone, fmt.Sprint(key, "=", value)) })
		index := func(key string) int {
			return slices.IndexFunc(want, func(kv string) bool { return kv[:2] == key+"=" })
		}
		drop := func(i int) {
			wantGone = append(wantGone, want[i])
			want = slices.Delete(want, i, i+1)
		}
		for n := range rapid.IntRange(1, 60).Draw(t, "steps") {
			key := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g"}).Draw(t, "key")
			i := index(key)
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0, 1, 2, 3:
				r.put(key, n)
				if i >= 0 {
					drop(i)
				}
				if want = append(want, fmt.Sprint(key, "=", n)); len(want) > max(1, most) {
					drop(0)
				}
			case 4, 5, 6:
				value, ok := r.get(key)
				if ok != (i >= 0) || ok && fmt.Sprint(key, "=", value) != want[i] {
					t.Fatalf("get of %s: %v, %v; kept are %v", key, value, ok, want)
				}
				if ok {
					kv := want[i]
					want = append(slices.Delete(want, i, i+1), kv)
				}
			case 7:
				r.remove(key)
				if i >= 0 {
					drop(i)
				}
			case 8:
				r.removeOldest()
				if len(want) > 0 {
					drop(0)
				}
			case 9:
				if rapid.IntRange(0, 4).Draw(t, "clear") == 0 {
					r.clear()
					for len(want) > 0 {
						drop(0)
					}
				}
			}
			if r.len() != len(want) || !slices.Equal(gone, wantGone) {
				t.Fatalf("%d are kept, want %v; gone are %v, want %v", r.len(), want, gone, wantGone)
			}
		}
	})
}
