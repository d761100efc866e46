package command

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestWordsFindWhatTheMapFinds: any first word, in any case and with any bytes in it, names the same command by either way.
func TestWordsFindWhatTheMapFinds(t *testing.T) {
	names := []string{"get", "set", "setex", "del", "incr", "ttl", "strlen", "getrange", "psubscribe", "client", "a", "ab", "expireat", "zz", "pexpire", "exists", "x-y"}
	var family []*Spec
	for _, n := range names {
		family = append(family, &Spec{Name: n, Arity: 1, Run: func(*Ctx) error { return nil }})
	}
	table := NewTable(family)
	known := 0
	for _, n := range names {
		if s := table.words.find([]byte(strings.ToUpper(n))); s != nil {
			known++
		}
	}
	if known < len(names)/2 {
		t.Errorf("%d of %d names are found by their word", known, len(names))
	}
	rapid.Check(t, func(t *rapid.T) {
		word := []byte(rapid.SampledFrom(names).Draw(t, "name"))
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			i := rapid.IntRange(0, len(word)-1).Draw(t, "at")
			switch rapid.IntRange(0, 3).Draw(t, "how") {
			case 0:
				word[i] ^= 0x20
			case 1:
				word[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			case 2:
				word[i] = rapid.Byte().Draw(t, "byte")
			default:
				word = append(word[:i:i], word[i+1:]...)
			}
			if len(word) == 0 {
				break
			}
		}
		want := table.byName[strings.ToLower(string(word))]
		for _, c := range word { // ToLower knows other letters than ASCII's
			if c >= 0x80 {
				want = nil
			}
		}
		if got, ok := table.Lookup(word); got != want || ok != (want != nil) {
			t.Fatalf("%q: %v, want %v", word, got, want)
		}
	})
}

// TestARenamedCommandIsFoundByItsNewNameOnly.
func TestARenamedCommandIsFoundByItsNewNameOnly(t *testing.T) {
	run := func(*Ctx) error { return nil }
	table := NewTable([]*Spec{{Name: "get", Arity: 2, Run: run}, {Name: "set", Arity: 3, Run: run}})
	get, _ := table.Lookup([]byte("GET"))
	if err := table.Rename("get", "fetch"); err != nil {
		t.Fatal(err)
	}
	if err := table.Rename("set", ""); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]*Spec{"get": nil, "Fetch": get, "set": nil} {
		if got, _ := table.Lookup([]byte(name)); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
