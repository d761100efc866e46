package number

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

// floats are texts that strtod reads, and their values.
var floats = map[string]float64{
	"0": 0, "-0": math.Copysign(0, -1), "1": 1, "+1": 1, "01": 1, "1.": 1, ".5": .5, "+.5e1": 5, "3.1": 3.1, "1e3": 1000, "1E+3": 1000,
	"1e-3": .001, "inf": math.Inf(1), "+inf": math.Inf(1), "-INF": math.Inf(-1), "Infinity": math.Inf(1), "0x10": 16,
	"0X1.8p1": 3, "-0x.8": -.5, "0x1P-2": .25, "0e999999999999": 0, "5e-324": 5e-324, "1.7976931348623157e308": math.MaxFloat64,
	"12345678901234567890123": 12345678901234567890123, "0.1000000000000000055511151231257827": .1, "4e-324": 5e-324,
	"0x1.fffffffffffffp1023": math.MaxFloat64, "0x.00000000000000000000000001p104": 1,
	"1" + strings.Repeat("0", 400) + "e-400": 1, "0." + strings.Repeat("0", 400) + "1e401": 1,
}

var noFloats = []string{
	"", " ", " 1", "1 ", "\t1", "1\n", "+", "-", ".", "e5", "1e", "1e+", "1e+x", "nan", "-nan", "nan(1)", "NaN", "infi", "inf ", "infinit",
	"0x", "0x.", "0xp1", "0x1p", "0x1e+", "0x1g", "1_000", "0x_1", "1.2.3", "--1", "+-1", "1,5", "1e400", "-1e400", "1e-400", "2e-324",
	"0x1p1024", "0x1p-1080", "1e99999999999999999999", "1e-99999999999999999999", "1\x00", "\x001", "1f", "0b1", "0o7", "1p3",
}

func TestFloatsAreReadAsByStrtod(t *testing.T) {
	for in, want := range floats {
		got, ok := ParseFloat([]byte(in))
		if !ok || math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("%.40q: got %v, %v; want %v", in, got, ok, want)
		}
	}
	for _, in := range noFloats {
		if got, ok := ParseFloat([]byte(in)); ok {
			t.Errorf("%q: got %v", in, got)
		}
	}
}

// The texts are fpconv_dtoa's, by which Redis 7.2 and later write doubles,
// except where d2string writes integers itself.
func TestFloatsAreWrittenAsByRedis74(t *testing.T) {
	for in, want := range map[float64]string{
		0: "0", math.Copysign(0, -1): "-0", 1: "1", -1: "-1", 3.1: "3.1", -2.5: "-2.5", .1: "0.1", 100: "100",
		math.Inf(1): "inf", math.Inf(-1): "-inf",
		1e17: "100000000000000000", 1 << 62: "4611686018427387904", -(1 << 62): "-4611686018427387904",
		1 << 63: "9223372036854776000", 1e19: "1e+19", 1.5e19: "1.5e+19", 1e20: "1e+20", 1e21: "1e+21", 1e300: "1e+300", 1.25e-300: "1.25e-300",
		12345678901234567000: "12345678901234567000", 1.234567890123456e22: "12345678901234560000000", 1.234567890123456e23: "1.234567890123456e+23",
		1e-5: "0.00001", 1e-6: "0.000001", 1e-7: "1e-7", 1.5e-7: "1.5e-7", 1.5e-5: "0.000015",
		0.001234567890123: "0.001234567890123", 0.0001234567890123: "1.234567890123e-4", 123456.789: "123456.789",
		5e-324: "5e-324", math.MaxFloat64: "1.7976931348623157e+308", .30000000000000004: "0.30000000000000004",
	} {
		if got := string(AppendFloat(nil, in)); got != want {
			t.Errorf("%g: got %s, want %s", in, got, want)
		}
	}
	if got := string(AppendFloat(nil, math.NaN())); got != "nan" {
		t.Errorf("NaN: got %s", got)
	}
}

func FuzzFloatRoundTrip(f *testing.F) {
	for _, x := range []float64{0, 1.5, 1e-7, 1e21, 5e-324, math.MaxFloat64, 1 << 62} {
		f.Add(math.Float64bits(x))
	}
	f.Fuzz(func(t *testing.T, bits uint64) {
		x := math.Float64frombits(bits)
		text := AppendFloat(nil, x)
		got, ok := ParseFloat(text)
		if math.IsNaN(x) {
			if ok {
				t.Fatalf("NaN as %s was read", text)
			}
			return
		}
		if !ok || math.Float64bits(got) != bits {
			t.Fatalf("%g as %s is read as %g, %v", x, text, got, ok)
		}
	})
}

// FuzzParseFloat: where both read, strconv and ParseFloat agree; and neither
// width takes what the other's grammar refuses.
func FuzzParseFloat(f *testing.F) {
	for s := range floats {
		f.Add([]byte(s))
	}
	for _, s := range noFloats {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, ok := ParseFloat(in)
		want, err := strconv.ParseFloat(string(in), 64)
		if ok && err == nil && math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("%q: got %g, strconv %g", in, got, want)
		}
		if ok && err != nil && !strings.ContainsAny(string(in), "xX") {
			t.Fatalf("%q: got %g, strconv %v", in, got, err)
		}
		x, okx := ParseExtended(in)
		if ok && !okx && len(in) <= maxExtendedText {
			t.Fatalf("%q: a float64 but no Extended", in)
		}
		if okx {
			x.Append(nil)
		}
	})
}

func TestFloatsCostNoMemory(t *testing.T) {
	in := []byte("-1234.5678e-3")
	out := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() {
		x, _ := ParseFloat(in)
		out = AppendFloat(out[:0], x)
	}); n != 0 {
		t.Errorf("float64: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		x, _ := ParseExtended(in)
		out = x.Add(x).Append(out[:0])
	}); n != 0 {
		t.Errorf("Extended: %v allocations", n)
	}
	if string(out) != "-2.4691356" {
		t.Errorf("got %s", out)
	}
}

func BenchmarkExtended(b *testing.B) {
	in, incr := []byte("1234.5678"), []byte("0.1")
	out := make([]byte, 0, 64)
	for b.Loop() {
		x, _ := ParseExtended(in)
		y, _ := ParseExtended(incr)
		out = x.Add(y).Append(out[:0])
	}
}
