package glob

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestPatternsMatchAsInRedis(t *testing.T) {
	cases := []struct {
		pattern string
		yes, no []string
	}{
		{"", []string{""}, []string{"a"}},
		{"*", []string{"a", "abc"}, []string{""}},
		{"**", []string{"a"}, []string{""}},
		{"a*", []string{"a", "abc"}, []string{"", "ba"}},
		{"*a", []string{"a", "bca"}, []string{"", "ab"}},
		{"a*b*c", []string{"abc", "aXbYc", "abbcc"}, []string{"ab", "acb"}},
		{"a?c", []string{"abc"}, []string{"ac", "abbc"}},
		{"*?", []string{"a", "ab"}, []string{""}},
		{"?*?", []string{"ab", "abc"}, []string{"a"}},
		{"[abc]", []string{"a", "c"}, []string{"d", "", "ab"}},
		{"[^abc]", []string{"d"}, []string{"a", ""}},
		{"[a-c]x", []string{"ax", "cx"}, []string{"dx", "-x"}},
		{"[c-a]", []string{"b"}, []string{"d"}},
		{"[-a]", []string{"-", "a"}, []string{"b"}},
		{"[a-]", []string{"a", "^", "]", "_"}, []string{"-", "b"}},
		{"[ab", []string{"a", "b"}, []string{"c", "[ab"}},
		{"[", nil, []string{"[", "a"}},
		{"[^", []string{"a", "^"}, []string{""}},
		{"[]", nil, []string{"a", "]", "[]"}},
		{"[^]", []string{"a", "]"}, nil},
		{"[]a]", nil, []string{"]", "a", "a]"}},
		{"[\\]]", []string{"]"}, []string{"\\", "\\]"}},
		{"[\\", []string{"\\"}, []string{"["}},
		{"[\\^a]", []string{"^", "a"}, []string{"\\"}},
		{"[\\a-c]", []string{"a", "-", "c"}, []string{"b"}},
		{"[\x01-\xff]", []string{"\x00", "\x01", "\xff"}, []string{"\x02", "\x80", "a"}},
		{"\\*", []string{"*"}, []string{"a", "\\*"}},
		{"\\", []string{"\\"}, []string{""}},
		{"a\\", []string{"a\\"}, []string{"a"}},
		{"a\x00*", []string{"a\x00b"}, []string{"a"}},
	}
	for _, c := range cases {
		for _, s := range c.yes {
			if !Match([]byte(c.pattern), []byte(s), false) {
				t.Errorf("%q does not match %q", c.pattern, s)
			}
		}
		for _, s := range c.no {
			if Match([]byte(c.pattern), []byte(s), false) {
				t.Errorf("%q matches %q", c.pattern, s)
			}
		}
	}
}

func TestNocaseFoldsLettersButNotEscapesInClasses(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"maxMEM*", "MAXmemory", true}, {"[A-C]", "b", true}, {"[abc]", "B", true}, {"\\A", "a", true},
		{"[\\A]", "a", false}, {"[\\A]", "A", true}, {"[^a]", "A", false}, {"\xc9", "\xe9", false}, {"[Z-a]", "z", false}, {"[Z-a]", "a", false},
	} {
		if got := Match([]byte(c.pattern), []byte(c.s), true); got != c.want {
			t.Errorf("%q, %q: got %v", c.pattern, c.s, got)
		}
	}
}

func TestPatternsUseABoundedNumberOfStars(t *testing.T) {
	s := bytes.Repeat([]byte("a"), 3000)
	for _, c := range []struct {
		pattern string
		want    bool
	}{
		{strings.Repeat("*?", 1000) + "*", true}, {strings.Repeat("*?", 1001) + "*", false},
		{strings.Repeat("**?", 1000), true}, {strings.Repeat("a", 2000) + strings.Repeat("*", 2000) + "a", true},
	} {
		if got := Match([]byte(c.pattern), s, false); got != c.want {
			t.Errorf("%.10q... of %d bytes: got %v", c.pattern, len(c.pattern), got)
		}
	}
}

// 2^50 steps in a matcher that tries every way to place the stars.
func TestManyStarsCostLittle(t *testing.T) {
	pattern := []byte(strings.Repeat("a*", 5000) + "b")
	s := bytes.Repeat([]byte("a"), 20000)
	done := make(chan bool, 1)
	go func() { done <- Match(pattern, s, false) }()
	select {
	case got := <-done:
		if got {
			t.Error("match")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("still at it")
	}
}

func TestPrefixIsWhatAllMatchesBeginWith(t *testing.T) {
	for pattern, want := range map[string]string{
		"": "", "abc": "abc", "user:*": "user:", "a?": "a", "x[ab]": "x", "*": "", "a\\*b": "a", "a]b*": "a]b",
	} {
		if got := Prefix([]byte(pattern)); string(got) != want {
			t.Errorf("%q: got %q", pattern, got)
		}
		if got := Literal([]byte(pattern)); got != (want == pattern) {
			t.Errorf("%q: literal %v", pattern, got)
		}
	}
}

// simple is Match as the rules read: it tries every length for every star.
func simple(p, s []byte, nocase bool) bool {
	if len(s) == 0 {
		return len(p) == 0
	}
	return simpleRest(p, s, nocase)
}

func simpleRest(p, s []byte, nocase bool) bool {
	if len(p) == 0 {
		return len(s) == 0
	}
	if p[0] == '*' {
		for i := range len(s) + 1 {
			if simpleRest(p[1:], s[i:], nocase) {
				return true
			}
		}
		return false
	}
	if len(s) == 0 {
		return false
	}
	width, set := simpleSet(p, nocase)
	return set[s[0]] && simpleRest(p[width:], s[1:], nocase)
}

// simpleSet lists the bytes that the first element of p matches.
func simpleSet(p []byte, nocase bool) (width int, set [256]bool) {
	add := func(c byte) {
		set[c] = true
		if nocase {
			set[bytes.ToLower([]byte{c})[0]] = true
			set[bytes.ToUpper([]byte{c})[0]] = true
		}
	}
	fold := func(c byte) int {
		if nocase && c < 0x80 {
			c = bytes.ToLower([]byte{c})[0]
		}
		return int(int8(c))
	}
	switch {
	case p[0] == '?':
		for i := range set {
			set[i] = true
		}
		return 1, set
	case p[0] == '\\' && len(p) > 1:
		if p[1] < 0x80 {
			add(p[1])
		} else {
			set[p[1]] = true
		}
		return 2, set
	case p[0] != '[':
		if p[0] < 0x80 {
			add(p[0])
		} else {
			set[p[0]] = true
		}
		return 1, set
	}
	i := 1
	not := i < len(p) && p[i] == '^'
	if not {
		i++
	}
	for i < len(p) && p[i] != ']' {
		left := len(p) - i
		if p[i] == '\\' && left > 1 {
			set[p[i+1]] = true
			i += 2
		} else if left > 2 && p[i+1] == '-' {
			lo, hi := min(int(int8(p[i])), int(int8(p[i+2]))), max(int(int8(p[i])), int(int8(p[i+2])))
			for c := range 256 {
				if fold(byte(lo)) <= fold(byte(c)) && fold(byte(c)) <= fold(byte(hi)) {
					set[c] = true
				}
			}
			i += 3
		} else {
			if p[i] < 0x80 {
				add(p[i])
			} else {
				set[p[i]] = true
			}
			i++
		}
	}
	if not {
		for c := range set {
			set[c] = !set[c]
		}
	}
	return min(i+1, len(p)), set
}

func FuzzMatch(f *testing.F) {
	for _, p := range []string{"a*b", "[a-c]?*", "[^\\]]*", "[z-", "**a**", "\\", "[A-z]*[", "*a*a*b"} {
		f.Add([]byte(p), []byte("aabcab"), true)
		f.Add([]byte(p), []byte("]AB["), false)
	}
	f.Fuzz(func(t *testing.T, p, s []byte, nocase bool) {
		if bytes.Count(p, []byte("*")) > 5 || len(s) > 40 {
			return // simple is exponential
		}
		got := Match(p, s, nocase)
		if want := simple(p, s, nocase); got != want {
			t.Fatalf("%q, %q, nocase %v: got %v", p, s, nocase, got)
		}
		if got && !nocase && !bytes.HasPrefix(s, Prefix(p)) {
			t.Fatalf("%q matches %q without its prefix", p, s)
		}
		if !nocase && Literal(p) && got != bytes.Equal(p, s) {
			t.Fatalf("literal %q, %q: %v", p, s, got)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	s := []byte("session:eu:00001234:profile")
	for _, p := range []string{"session:*", "*:profile", "session:*:0000*:profile", "sess[a-z]on:??:*", "other:*"} {
		b.Run(p, func(b *testing.B) {
			for b.Loop() {
				Match([]byte(p), s, false)
			}
		})
	}
}
