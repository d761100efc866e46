package prefix

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func sum(into, from *int64) { *into += *from }

func find(options Options, keys []string) []Row[int64] {
	f := NewFinder[int64](options, sum)
	for _, k := range keys {
		*f.At(k, 1) += 3
	}
	return f.Rows()
}

func patterns(rows []Row[int64]) map[string]int64 {
	found := map[string]int64{}
	for _, r := range rows {
		found[r.Pattern] = r.Keys
	}
	return found
}

// names gives words that look like no identifier, as user names do.
func name(i int) string {
	word := make([]byte, 0, 8)
	for i += 30; i > 0; i /= 20 {
		word = append(word, "bcdfghjklmnpqrstvwxz"[i%20], "aeiou"[i%5])
	}
	return string(word)
}

func TestNamesThatAreManyAreMerged(t *testing.T) {
	var keys []string
	for i := range 3000 {
		keys = append(keys, "user:"+name(i)+":profile", "user:"+name(i)+":cart", "tag:"+name(i))
	}
	for i := range 500 {
		keys = append(keys, fmt.Sprintf("report:daily:%d", i), fmt.Sprintf("report:hourly:%d", i))
	}
	keys = append(keys, "config", "version")
	want := map[string]int64{
		"user:*:profile": 3000, "user:*:cart": 3000, "tag:*": 3000, "report:daily:*": 500, "report:hourly:*": 500,
		"config": 1, "version": 1,
	}
	if got := patterns(find(Options{}, keys)); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestSmallGroupsHaveRowsWhileThereIsRoom(t *testing.T) {
	var keys []string
	for i := range 10_000 {
		keys = append(keys, fmt.Sprintf("session:%d", i))
	}
	for _, p := range []string{"tag:promo", "tag:sale", "lock", "queue", "cart"} {
		for i := range 5 {
			keys = append(keys, fmt.Sprintf("%s:%d", p, i))
		}
	}
	keys = append(keys, "config", "version", "feature-flags", "a/b")
	want := map[string]int64{"session:*": 10_000, "tag:promo:*": 5, "tag:sale:*": 5, "lock:*": 5, "queue:*": 5, "cart:*": 5, "*": 4}
	if got := patterns(find(Options{}, keys)); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestNoRowOfASampleIsOfOneName(t *testing.T) {
	keys := []string{"config", "a:config", "user:1", "user:2", "user:admin"}
	want := map[string]int64{"*": 1, "a:*": 1, "user:*": 3}
	if got := patterns(find(Options{Sampled: true}, keys)); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestAHeavyKeyKeepsItsName(t *testing.T) {
	f := NewFinder[int64](Options{}, sum)
	for i := range 5000 {
		*f.At("cache:"+name(i), 1)++
	}
	*f.At("cache:giant", 2000)++
	if got := patterns(f.Rows()); got["cache:giant"] != 1 || got["cache:*"] != 5000 {
		t.Errorf("%v", got)
	}
}

func TestAStreamOfNamesStaysBoundedAndKeepsWhatIsHeavy(t *testing.T) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, seed))
	options := Options{Rows: 20, Nodes: 1000}
	f := NewFinder[int64](options, sum)
	const n = 300_000
	heavy := 0
	for i := range n {
		key := ""
		switch x := r.IntN(100); {
		case i > n/2 && x < 10: // comes late
			key = "late:" + name(r.IntN(1_000_000))
			heavy++
		case x < 20:
			key = "user:" + name(i) + ":profile"
		default:
			key = name(r.IntN(1_000_000)) + ":" + name(i)
		}
		*f.At(key, 1)++
		if f.nodes > options.Nodes+maxTokens {
			t.Fatalf("seed %d: %d nodes after %d keys", seed, f.nodes, i)
		}
	}
	rows := f.Rows()
	got, total := patterns(rows), int64(0)
	for _, k := range got {
		total += k
	}
	if total != n || len(rows) > options.Rows {
		t.Errorf("seed %d: %d keys in %d rows", seed, total, len(rows))
	}
	if late := got["late:*"]; float64(late) < 0.8*float64(heavy) {
		t.Errorf("seed %d: %d of %d keys of late:* are in its row: %v", seed, late, heavy, got)
	}
	if got["user:*:profile"] == 0 {
		t.Errorf("seed %d: %v", seed, got)
	}
}

// keyList draws keys of a few shapes, some that look alike and some that do not.
func keyList(t *rapid.T) []string {
	piece := rapid.SampledFrom([]string{"a", "user", "session", "42", "8f3a2c91", "x7Gh2kQp", "v2", "{tag}", "{user:7}", "", "jane@example.com"})
	random := rapid.StringN(0, 6, 12)
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		var parts []string
		for range rapid.IntRange(1, 4).Draw(t, "parts") {
			if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
				parts = append(parts, random.Draw(t, "random"))
			} else {
				parts = append(parts, piece.Draw(t, "piece"))
			}
		}
		return strings.Join(parts, rapid.SampledFrom([]string{":", ".", "-", "/", ""}).Draw(t, "separator"))
	}), 1, 300).Draw(t, "keys")
}

func TestRowsAddUpAndAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := keyList(t)
		options := Options{Rows: rapid.IntRange(1, 20).Draw(t, "rows"), Nodes: rapid.IntRange(0, 100).Draw(t, "nodes"), Sampled: rapid.Bool().Draw(t, "sampled")}
		rows := find(options, keys)
		if len(rows) > options.Rows+1 { // the empty key has a row of its own
			t.Fatalf("%d rows, %d asked for: %v", len(rows), options.Rows, patterns(rows))
		}
		count, value := int64(0), int64(0)
		for _, r := range rows {
			count += r.Keys
			value += r.Value
		}
		if count != int64(len(keys)) || value != 3*count {
			t.Fatalf("%d keys, %d in the rows, which counted %d", len(keys), count, value)
		}
	})
}

func TestTheOrderOfKeysDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := keyList(t)
		options := Options{Rows: rapid.IntRange(1, 20).Draw(t, "rows")}
		first := find(options, keys)
		second := find(options, rapid.Permutation(keys).Draw(t, "again"))
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("%v, and in another order %v", patterns(first), patterns(second))
		}
	})
}

func TestASavedStateGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := keyList(t)
		at := rapid.IntRange(0, len(keys)).Draw(t, "stop")
		first := NewFinder[int64](Options{}, sum)
		for _, k := range keys[:at] {
			*first.At(k, 1) += 3
		}
		text, err := json.Marshal(first.Save())
		if err != nil {
			t.Fatal(err)
		}
		var saved Saved[int64]
		if err := json.Unmarshal(text, &saved); err != nil {
			t.Fatal(err)
		}
		second := NewFinder[int64](Options{}, sum)
		if err := second.Load(saved); err != nil {
			t.Fatal(err)
		}
		for _, k := range keys[at:] {
			*second.At(k, 1) += 3
		}
		if got, want := second.Rows(), find(Options{}, keys); !reflect.DeepEqual(got, want) {
			t.Fatalf("%v, want %v", patterns(got), patterns(want))
		}
	})
}

func TestGivenPatterns(t *testing.T) {
	g, err := NewGiven[int64]([]string{"session:*", "user:", "a?c"})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"session:1", "user:1", "user:2", "abc", "abcd", "x"} {
		*g.At(k, 1)++
	}
	var got []string
	for _, r := range g.Rows() {
		got = append(got, fmt.Sprintf("%s=%d", r.Pattern, r.Keys))
	}
	if want := []string{"session:*=1", "user:*=2", "a?c=1", "(other)=2"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	again, _ := NewGiven[int64]([]string{"session:*", "user:", "b"})
	if again.Load(g.Save()) == nil {
		t.Error("the state of other patterns was taken")
	}
	if _, err := NewGiven[int64]([]string{""}); err == nil {
		t.Error("an empty pattern was taken")
	}
}

func BenchmarkAt(b *testing.B) {
	keys := make([]string, 1<<16)
	for i := range keys {
		keys[i] = fmt.Sprintf("user:%d:%s", i, name(i))
	}
	f := NewFinder[int64](Options{}, sum)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		*f.At(keys[i&(1<<16-1)], 1)++
	}
}
