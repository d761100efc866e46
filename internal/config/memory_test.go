package config

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestMemoryUnits(t *testing.T) {
	for s, want := range map[string]int64{
		"": 0, "0": 0, "7": 7, "7b": 7, "1k": 1000, "1KB": 1024, "1m": 1e6, "1mB": 1 << 20, "2g": 2e9, "4gb": 4 << 30, "1t": 1e12, "1TB": 1 << 40,
		"9223372036854775807": math.MaxInt64, "010": 10, "8388607tb": 8388607 << 40,
	} {
		if got, ok := ParseMemory(s); !ok || got != want {
			t.Errorf("ParseMemory(%q) = %d, %v, want %d", s, got, ok, want)
		}
	}
	for _, s := range []string{"x", "b", "-1", "+1", " 1", "1 ", "1 kb", "1.5gb", "1kib", "9223372036854775808", "8388608tb", "99999999999999999999"} {
		if got, ok := ParseMemory(s); ok {
			t.Errorf("ParseMemory(%q) = %d, want a refusal", s, got)
		}
	}
}

func TestFormattedMemoryReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1<<23-1).Draw(t, "n") << rapid.IntRange(0, 40).Draw(t, "shift")
		if got, ok := ParseMemory(FormatMemory(n)); !ok || got != n {
			t.Fatalf("%d is written %q and read %d", n, FormatMemory(n), got)
		}
	})
}

func TestQuotedWordsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var words []string
		for range rapid.IntRange(1, 4).Draw(t, "n") {
			words = append(words, string(rapid.SliceOf(rapid.Byte()).Draw(t, "word")))
		}
		got, ok := SplitArgs(joinQuoted(words))
		if !ok || len(got) != len(words) {
			t.Fatalf("%q is written %s and read %q", words, joinQuoted(words), got)
		}
		for i := range got {
			if got[i] != words[i] {
				t.Fatalf("%q is written %s and read %q", words, joinQuoted(words), got)
			}
		}
	})
}

func TestNotifyFlagsReadBack(t *testing.T) {
	valid := NotifyAll | NotifyKeyspace | NotifyKeyevent | NotifyKeyMiss | NotifyNew
	rapid.Check(t, func(t *rapid.T) {
		f := NotifyFlags(rapid.Uint32().Draw(t, "flags")) & valid
		if got, err := ParseNotify(f.String()); err != nil || got != f {
			t.Fatalf("%b is written %q and read %b, %v", f, f, got, err)
		}
	})
}
