package rule

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func constant(words ...string) []Arg {
	var args []Arg
	for _, w := range words {
		args = append(args, Arg{Text: w, Constant: true, Key: NewKey(Part{w, true})})
	}
	return args
}

func TestArgumentsSayTheLifetime(t *testing.T) {
	open, rest := Arg{Key: NewKey(Part{"x", false})}, Arg{Rest: true}
	for _, c := range []struct {
		command  string
		args     []Arg
		kind     Kind
		lifetime Lifetime
	}{
		{"SET", constant("k", "v"), Write, None},
		{"set", constant("k", "EX"), Write, None},
		{"SET", constant("k", "v", "ex", "9"), Write, Given},
		{"SET", constant("k", "v", "NX", "PXAT", "9"), Write, Given},
		{"SET", constant("k", "v", "KEEPTTL"), Write, Given},
		{"SET", constant("k", "v", "KEEPTTL", "XX"), Write, Given},
		{"SET", constant("k", "v", "NX", "KEEPTTL"), Write, None},
		{"SET", append(constant("k"), open), Write, None},
		{"SET", append(constant("k", "v"), open), Write, Unclear},
		{"SET", append(constant("k"), rest), Write, Unclear},
		{"SETEX", constant("k", "9", "v"), Write, Given},
		{"RESTORE", constant("k", "0", "v"), Write, None},
		{"RESTORE", constant("k", "9", "v"), Write, Given},
		{"RESTORE", append(constant("k"), open), Write, Unclear},
		{"GETEX", constant("k"), Read, None},
		{"GETEX", constant("k", "PERSIST"), Drop, None},
		{"GETEX", constant("k", "EX", "9"), Other, None},
		{"EXPIRE", constant("k", "9", "NX"), Expire, None},
		{"EXPIRE", constant("k", "9", "GT"), Other, None},
	} {
		op, ok := Parse(c.command, c.args)
		if !ok || op.Kind != c.kind || op.Lifetime != c.lifetime || len(op.Keys) != 1 && !slices.Contains(c.args, rest) {
			t.Errorf("%s %v: %+v", c.command, c.args, op)
		}
	}
	if _, ok := Parse("PING", nil); ok {
		t.Error("no rule is about PING")
	}
	if op, _ := Parse("MSET", constant("a", "1", "b", "2")); len(op.Keys) != 2 || op.Keys[1].String() != "b" {
		t.Errorf("keys of MSET: %v", op.Keys)
	}
	if op, _ := Parse("BITOP", constant("AND", "to", "a", "b")); len(op.Keys) != 1 || op.Keys[0].String() != "to" {
		t.Errorf("keys of BITOP: %v", op.Keys)
	}
}

func TestPatternsMatchWhatTheSourceShows(t *testing.T) {
	config := NewKey(Part{"config:", true}, Part{"name", false})
	for pattern, want := range map[string]bool{"config:*": true, "conf*": true, "*": true, "config:?": false, "config:[^x]": false, "*:config": false, "config:": false} {
		if config.Matches([]string{pattern}) != want {
			t.Errorf("%s matches %s: want %v", pattern, config, want)
		}
	}
	if NewKey(Part{"id", false}).Matches([]string{"a*"}) || (Key{}).Matches([]string{"*"}) {
		t.Error("a key of which nothing is known is durable")
	}
	if !NewKey(Part{"config:1", true}).Matches([]string{"a", "config:[0-9]"}) {
		t.Error("a constant key does not match")
	}
}

func TestNotesNeedReasons(t *testing.T) {
	for _, c := range []struct {
		text    string
		ok      bool
		wrong   string
		accepts []Code
	}{
		{"ttl:durable because", true, "", []Code{NoTTL, NoExpire, SetThenExpire, ExpireBeforeWrite, Persist}},
		{" ttl: durable because ", true, "", []Code{NoTTL, NoExpire, SetThenExpire, ExpireBeforeWrite, Persist}},
		{"ttl:ignore keys,TTL008 because */", true, "", []Code{KeysCommand, LocalDeadline}},
		{"ttl:durable", true, "needs a reason", nil},
		{"ttl:ignore TTL001", true, "needs a reason", nil},
		{"ttl:ignore", true, "needs codes", nil},
		{"ttl:ignore TTL999 because", true, "no rule", nil},
		{"ttl:durable-keys a*", true, "pattern and a reason", nil},
		{"ttl:default-ttl-hook", true, "needs a reason", nil},
		{"ttl:durabel because", true, "unknown", nil},
		{"ttl: an hour", false, "", nil},
		{"ttl:", false, "", nil},
		{"a ttl:durable inside", false, "", nil},
	} {
		n, ok, err := ParseNote(c.text)
		if ok != c.ok || (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%q: %v, %v", c.text, ok, err)
		}
		for _, r := range All() {
			if n.Accepts(r.Code) != slices.Contains(c.accepts, r.Code) {
				t.Errorf("%q accepts %s: %v", c.text, r.Code, n.Accepts(r.Code))
			}
		}
	}
}

// Whatever the operations: findings point to them, durable keys and a hook only take findings away, and a key that only
// ever gets its lifetime with its write has none.
func TestSettingsOnlyTakeFindingsAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		commands := []string{"GET", "SET", "MSET", "HSET", "EXPIRE", "PERSIST", "KEYS", "GETEX", "SUNIONSTORE", "SETNX"}
		var ops []Operation
		for i := range rapid.IntRange(0, 12).Draw(t, "operations") {
			op, _ := Parse(rapid.SampledFrom(commands).Draw(t, "command"), constant(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key"), "v"))
			op.Line = i + 1
			ops = append(ops, op)
		}
		all := Check(ops, Settings{})
		for _, s := range []Settings{{DefaultTTL: true}, {Durable: []string{"a"}}, {Durable: []string{"*"}, DefaultTTL: true}} {
			for _, f := range Check(ops, s) {
				same := slices.ContainsFunc(all, func(g Finding) bool { return g == f })
				if !same || f.At < 0 || f.At >= len(ops) || f.Other >= len(ops) {
					t.Fatalf("%+v of %+v", f, ops)
				}
			}
		}
		given := slices.DeleteFunc(slices.Clone(ops), func(o Operation) bool { return o.Kind != Write })
		for i := range given {
			given[i].Lifetime = Given
		}
		if found := Check(given, Settings{}); len(found) != 0 {
			t.Fatalf("%+v", found)
		}
	})
}

func TestCodesAndNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range All() {
		if seen[string(r.Code)] || seen[r.Name] || r.Summary == "" || r.Help == "" {
			t.Errorf("%+v", r)
		}
		seen[string(r.Code)], seen[r.Name] = true, true
		if found, ok := Lookup(r.Name); !ok || found.Code != r.Code {
			t.Errorf("%s is not found by its name", r.Code)
		}
	}
}
