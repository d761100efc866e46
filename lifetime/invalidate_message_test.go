package lifetime

import (
	"slices"
	"testing"
)

func FuzzMessagesAreReadAsTheyWereWritten(f *testing.F) {
	f.Add("eu", "a", "")
	f.Add("", "3:abc,", "\xff:\r\n")
	f.Fuzz(func(t *testing.T, region, a, b string) {
		origin, keys, err := parseMessage(string(appendNetstrings(nil, region, []string{a, b})))
		if err != nil || origin != region || !slices.Equal(keys, []string{a, b}) {
			t.Errorf("%q %q %v", origin, keys, err)
		}
		for _, text := range []string{region, a, b} {
			if all, err := parseNetstrings(text); err == nil && len(all) > 0 {
				if again := string(appendNetstrings(nil, all[0], all[1:])); len(again) > len(text) {
					t.Errorf("%q became %q", text, again)
				}
			}
		}
	})
}

func TestMessagesThatAreNot(t *testing.T) {
	for _, text := range []string{"", "x", "1:", "1:a", "1:a;", "9:a,", "-1:,", "99999999999999999999:a,", ":a,"} {
		if origin, keys, err := parseMessage(text); err == nil {
			t.Errorf("%q: %q %q", text, origin, keys)
		}
	}
}

func FuzzGenerationsAreReadAsTheyWereWritten(f *testing.F) {
	g := newGeneration()
	g.mark([]string{"b", "c"})
	f.Add(g.append(nil))
	f.Add([]byte("g"))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := parseGeneration(data)
		if err == nil && len(g.append(nil)) > len(data) {
			t.Errorf("%x became %x", data, g.append(nil))
		}
		if s, rest, err := parseStamp(data); err == nil && len(s.append(nil))+len(rest) > len(data) {
			t.Errorf("%x has stamp %v", data, s)
		}
	})
}
