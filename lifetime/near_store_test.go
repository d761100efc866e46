package lifetime

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func newStore(entries int, bytes int64) *nearStore {
	return newNearStore(entries, bytes, Telemetry{Metrics: NewRecorder()})
}

func TestNearStoreKeepsNothingThatWasInvalidatedWhileItWasRead(t *testing.T) {
	now := time.Now()
	until := now.Add(time.Minute)
	for name, meanwhile := range map[string]func(*nearStore){
		"the key":    func(s *nearStore) { s.invalidate([]string{"other", "k"}) },
		"everything": func(s *nearStore) { s.drop() },
	} {
		s := newStore(10, 1<<20)
		_, first, _ := s.get("k", now)
		meanwhile(s)
		_, second, _ := s.get("k", now) // began after the invalidation
		s.land(first, "old", until)
		if v, ticket, ok := s.get("k", now); ok {
			t.Errorf("%s: %q was kept", name, v)
		} else {
			s.abandon(ticket)
		}
		s.land(second, "new", until)
		if v, _, ok := s.get("k", now); !ok || v != "new" {
			t.Errorf("%s: %q %v, want the later one", name, v, ok)
		}
		if len(s.mu.flights) != 0 {
			t.Errorf("%s: flights are left: %v", name, s.mu.flights)
		}
	}
}

func TestNearStoreKeepsToItsBounds(t *testing.T) {
	now := time.Now()
	s := newStore(3, 1000)
	put := func(key, value string) {
		_, ticket, ok := s.get(key, now)
		if ok {
			t.Fatalf("%s is there", key)
		}
		s.land(ticket, value, now.Add(time.Minute))
	}
	has := func(key string, at time.Time) bool {
		_, ticket, ok := s.get(key, at)
		if !ok {
			s.abandon(ticket)
		}
		return ok
	}
	for i := range 4 {
		put(fmt.Sprint(i), "v")
	}
	if n, bytes := s.size(); n != 3 || bytes != 3*(2+nearOverhead) || has("0", now) {
		t.Errorf("%d entries of %d bytes", n, bytes)
	}
	has("1", now) // used
	put("big", strings.Repeat("x", 600))
	if n, bytes := s.size(); bytes > 1000 || !has("big", now) || !has("1", now) || has("2", now) {
		t.Errorf("%d entries of %d bytes after a big one", n, bytes)
	}
	put("huge", strings.Repeat("x", 2000))
	if has("huge", now) || !has("big", now) {
		t.Error("a value beyond the bound was kept, or drove others out")
	}
	if has("big", now.Add(time.Minute)) || !has("1", now.Add(time.Minute-1)) {
		t.Error("a value lives to its instant, and not longer")
	}
	s.drop()
	if n, bytes := s.size(); n != 0 || bytes != 0 {
		t.Errorf("%d entries of %d bytes after a drop", n, bytes)
	}
}

// Against a model: one server value a key, writes whose invalidations arrive later and in order, reads that take time.
func TestNearStoreIsNeverStaleOnceTheInvalidationArrived(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStore(4, 1<<20)
		now := time.Now()
		server := map[string]int{}
		told := map[string]int{} // the version of which the store has been told
		var queue []string       // invalidations under way
		type read struct {
			ticket nearTicket
			value  string
		}
		var reads []read
		keys := []string{"a", "b", "c", "d", "e"}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			key := rapid.SampledFrom(keys).Draw(t, "key")
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				server[key]++
				queue = append(queue, key)
			case 1:
				if len(queue) > 0 {
					s.invalidate(queue[:1])
					told[queue[0]]++
					queue = queue[1:]
				}
			case 2:
				value, ticket, ok := s.get(key, now)
				if ok {
					var n int
					fmt.Sscan(value, &n)
					if n < told[key] {
						t.Fatalf("%s has version %d; the store was told of %d", key, n, told[key])
					}
				} else {
					reads = append(reads, read{ticket, fmt.Sprint(server[key])})
				}
			case 3:
				if len(reads) > 0 {
					i := rapid.IntRange(0, len(reads)-1).Draw(t, "read")
					s.land(reads[i].ticket, reads[i].value, now.Add(time.Minute))
					reads = append(reads[:i], reads[i+1:]...)
				}
			case 4:
				if rapid.IntRange(0, 9).Draw(t, "drop") == 0 {
					s.drop()
				}
			}
		}
	})
}
