package glob_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/curfewkv/curfew/resp"
	"github.com/curfewkv/curfew/resp/glob"
	"github.com/curfewkv/curfew/resp/resptest"
)

// words joins up to n random pieces.
func words(r *rand.Rand, pieces []string, n int) string {
	s := ""
	for range r.IntN(n + 1) {
		s += pieces[r.IntN(len(pieces))]
	}
	return s
}

// matches returns the names that pattern matches, sorted.
func matches(pattern string, names []string, nocase bool) []string {
	var out []string
	for _, s := range names {
		if glob.Match([]byte(pattern), []byte(s), nocase) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

func TestMatchesAsKeys(t *testing.T) {
	c := resptest.Dial(t, resptest.Redis(t))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))

	bytes := []string{"a", "b", "c", "B", "-", "]", "[", "^", "\\", "*", "?", "\x00", "\x7f", "\x80", "\xff"}
	names := []string{""}
	for range 400 {
		names = append(names, words(r, bytes, 6))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	for _, s := range names {
		resptest.Do(t, c, "SET", s, "v")
	}
	pieces := append([]string{"*", "*", "?", "[", "]", "[^", "a-c", "[a-b]", "\\", "-", "[\\"}, bytes...)
	hits := 0
	for range 5000 {
		pattern := words(r, pieces, 8)
		if pattern == "*" {
			continue // KEYS * asks no pattern
		}
		got, want := matches(pattern, names, false), texts(resptest.Do(t, c, "KEYS", pattern))
		if !slices.Equal(got, want) {
			t.Fatalf("%q:\n  got %q\nredis %q", pattern, got, want)
		}
		if len(want) > 0 {
			hits++
		}
	}
	if hits < 500 {
		t.Errorf("only %d patterns matched anything", hits)
	}
}

func TestMatchesWithoutCaseAsConfigGet(t *testing.T) {
	c := resptest.Dial(t, resptest.Redis(t))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))

	all := texts(resptest.Do(t, c, "CONFIG", "GET", "*"))
	names := configNames(resptest.Do(t, c, "CONFIG", "GET", "*"))
	if len(names) < 100 || len(all) != 2*len(names) {
		t.Fatalf("%d options", len(names))
	}
	hits := 0
	for range 3000 {
		// Start from a real name, or hardly anything would match.
		pattern := []byte(names[r.IntN(len(names))])
		for range 1 + r.IntN(2) {
			at := r.IntN(len(pattern) + 1)
			piece := words(r, []string{"*", "?", "[A-M]", "[n-Z]", "[^A]", "[\\A-z]", "\\", "[", "E", "[e-", "*", "*"}, 2)
			cut := min(len(pattern), at+r.IntN(5))
			pattern = slices.Replace(pattern, at, cut, []byte(piece)...)
		}
		if glob.Literal(pattern) || !slices.ContainsFunc(pattern, func(c byte) bool { return c == '*' || c == '?' || c == '[' }) {
			continue // looked up, not matched
		}
		got, want := matches(string(pattern), names, true), configNames(resptest.Do(t, c, "CONFIG", "GET", string(pattern)))
		if !slices.Equal(got, want) {
			t.Fatalf("%q:\n  got %q\nredis %q", pattern, got, want)
		}
		if len(want) > 0 {
			hits++
		}
	}
	if hits < 300 {
		t.Errorf("only %d patterns matched anything", hits)
	}
}

// configNames returns the names of a CONFIG GET reply, sorted.
func configNames(v resp.Value) []string {
	var out []string
	for i := 0; i < len(v.Array); i += 2 {
		out = append(out, v.Array[i].Str)
	}
	slices.Sort(out)
	return out
}

// texts returns the strings of an array, sorted.
func texts(v resp.Value) []string {
	var out []string
	for _, e := range v.Array {
		out = append(out, e.Str)
	}
	slices.Sort(out)
	return out
}
