package number

import (
	"math"
	"strconv"
	"testing"
)

func TestIntegersHaveOneSpelling(t *testing.T) {
	good := map[string]int64{
		"0": 0, "1": 1, "-1": -1, "9": 9, "10": 10, "-10": -10, "1234567890": 1234567890,
		"9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64,
	}
	for in, want := range good {
		if got, ok := ParseInt64([]byte(in)); !ok || got != want {
			t.Errorf("%q: got %d, %v", in, got, ok)
		}
	}
	for _, in := range []string{
		"", "-", "+", "+1", "01", "00", "-0", "-01", " 1", "1 ", "1.0", "1e3", "0x1", "a", "1a", "--1", "\x001", "1\x00",
		"9223372036854775808", "-9223372036854775809", "18446744073709551616", "99999999999999999999", "100000000000000000000", "/", ":",
	} {
		if got, ok := ParseInt64([]byte(in)); ok || got != 0 {
			t.Errorf("%q: got %d, %v", in, got, ok)
		}
	}
}

func TestUnsignedIntegersHaveOneSpelling(t *testing.T) {
	for in, want := range map[string]uint64{"0": 0, "7": 7, "18446744073709551615": math.MaxUint64} {
		if got, ok := ParseUint64([]byte(in)); !ok || got != want {
			t.Errorf("%q: got %d, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "-1", "+1", "01", "18446744073709551616", "100000000000000000000"} {
		if got, ok := ParseUint64([]byte(in)); ok {
			t.Errorf("%q: got %d", in, got)
		}
	}
}

// FuzzParseInt64: what is read is what AppendInt writes, and strconv agrees.
func FuzzParseInt64(f *testing.F) {
	for _, s := range []string{"0", "-1", "9223372036854775808", "007", "-"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, ok := ParseInt64(in)
		want, err := strconv.ParseInt(string(in), 10, 64)
		canonical := err == nil && strconv.FormatInt(want, 10) == string(in)
		if ok != canonical || ok && got != want {
			t.Fatalf("%q: got %d, %v; strconv %d, %v", in, got, ok, want, err)
		}
	})
}

func BenchmarkParseInt64(b *testing.B) {
	for _, s := range []string{"7", "86400", "1700000000000"} {
		in := []byte(s)
		b.Run(s, func(b *testing.B) {
			for b.Loop() {
				ParseInt64(in)
			}
		})
	}
}
