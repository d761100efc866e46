package differential

import (
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// shortTTL is the one lifetime, in milliseconds, that ends within a sequence. The executor waits shortWait after a
// command that carries it, so that both servers see the key gone (or still there) at every other command.
const (
	shortTTL  = "37"
	shortWait = 75 * time.Millisecond
)

// pools are the values of each kind of argument. The first ones are the plainest: shrinking goes towards them.
// Kinds with a nil pool are made by the generator.
var pools = map[string][]string{
	// Few keys, so that commands meet; one with every odd byte, one empty, one long.
	"key": {"a", "b", "c", "d", "e", "", "k\x00\xff\r\n *?", strings.Repeat("long", 80)},
	// Around the lengths at which encodings change (44 bytes), numbers in every spelling, binary.
	"val": {
		"x", "", "10", "-1", "hello world", "9223372036854775807", "-9223372036854775808", "3.14", "\x00\xff\r\n",
		strings.Repeat("v", 44), strings.Repeat("v", 45), strings.Repeat("w", 300), " 11", "011", "+5", "1e3", "0x10", "nan", "12345678901234567890",
	},
	"num": {
		"1", "0", "-1", "2", "5", "100", "-100", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "4294967296",
		"1.0", "abc", "", " 1", "01", "-0", "1e2",
	},
	"float": {
		"1", "0", "1.5", "-0.1", "0.1", "3.0e3", "1e-5", "100000000000000000000", "1.7976931348623157e308", "5.0e-324", "0.30000000000000004",
		"-1.5", "inf", "-inf", "nan", "abc", "", " 1", "1 ", "0x10", "1e400", "123456789.123456789", "1e17", "-0.0", ".5", "5.",
	},
	// Offsets that make at most a few kilobytes, or are refused.
	"off":      {"0", "1", "-1", "2", "5", "-3", "10", "100", "3000", "-100", "536870912", "9223372036854775807", "-9223372036854775808", "4294967297", "abc", "1.5", ""},
	"bit":      {"0", "1", "2", "-1", "x"},
	"bitoff":   {"0", "1", "7", "8", "100", "20000", "4294967296", "-1", "abc", ""},
	"bitfield": {"u8", "i8", "u1", "i64", "u63", "u64", "i65", "i5", "u0", "x8", "u"},
	"bitat":    {"0", "#1", "5", "#0", "100", "-1", "#x", "4294967296"},
	"ttl":      nil,
	"pttl":     nil,
	"at":       nil,
	"pat":      nil,
	"db":       {"0", "1", "2", "15", "16", "-1", "x", "", "1.0", "9223372036854775807"},
	"pattern":  {"*", "a", "?", "[a-c]", "[^a]", "k*", "\\*", "*\\?", "l*g*", "", "[a", "\\"},
	"cursor":   {"0", "x", "-1", "", "18446744073709551616"},
	"type":     {"string", "list", "STRING", "nosuch"},
	"name":     {"n1", "n2", "", "with space", "new\nline"},
	"chan":     {"c1", "c2", "c3", "", "\x00\xff"},
	"glob":     {"c*", "*", "c?", "[c]1", "d*", ""},
	"2":        {"2"}, "3": {"3"},
}

// junk replaces an argument now and then.
var junk = []string{"x", "", "-1", "0", "9223372036854775808", "NX", "GET", "EX", "*"}

// A generator makes the arguments of one sequence.
type generator struct {
	start time.Time // the absolute times of a sequence count from here
	short bool      // shortTTL may be drawn: not in pipelines
	drawn int       // lifetimes drawn so far
}

func (g *generator) value(t *rapid.T, kind string) string {
	switch kind {
	case "ttl":
		return g.lifetime(t, 1, 0)
	case "pttl":
		return g.lifetime(t, 1000, 0)
	case "at":
		return g.lifetime(t, 1, g.start.Unix())
	case "pat":
		return g.lifetime(t, 1000, g.start.UnixMilli())
	}
	return rapid.SampledFrom(pools[kind]).Draw(t, kind)
}

// badLifetimes are refused or lie in the past, whatever the time is.
var badLifetimes = []string{"0", "-1", "-100000", "9223372036854775807", "-9223372036854775808", "9223372036854775", "10000000000000000", "abc", "1.5", "", " 5"}

// lifetime draws a TTL or a deadline in units of 1/perSecond seconds after base. The good ones are far in the future
// and no two of a sequence are alike: whether 100 s set now is later than 100 s set a moment ago depends on the
// millisecond, and the two servers do not run in the same one.
func (g *generator) lifetime(t *rapid.T, perSecond, base int64) string {
	switch i := rapid.IntRange(0, 19).Draw(t, "lifetime"); {
	case i >= 16:
		return rapid.SampledFrom(badLifetimes).Draw(t, "bad lifetime")
	case i == 15 && perSecond == 1000 && base == 0 && g.short:
		return shortTTL
	}
	g.drawn++
	seconds := 1000*rapid.Int64Range(1, 9).Draw(t, "seconds") + int64(g.drawn)
	if base > 0 {
		seconds += 500
	}
	return strconv.FormatInt(base+seconds*perSecond, 10)
}

// mutate breaks a command in one of the ways in which clients break them.
func mutate(t *rapid.T, args []string) []string {
	if len(args) < 2 || rapid.IntRange(0, 14).Draw(t, "mutation") != 14 {
		return args
	}
	at := rapid.IntRange(1, len(args)-1).Draw(t, "mutated argument")
	switch rapid.IntRange(0, 3).Draw(t, "kind of mutation") {
	case 0:
		return args[:len(args)-1]
	case 1:
		return append(args, rapid.SampledFrom(junk).Draw(t, "added"))
	case 2:
		args[at] = rapid.SampledFrom(junk).Draw(t, "junk")
		return args
	}
	return append(args, args[at])
}
