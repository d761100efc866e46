package effects

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
)

// databases are those that the sessions use.
const databases = 4

// generator draws commands. A small number of names makes keys meet.
type generator struct {
	*rand.Rand
	clock *clock.Fake
}

func (g *generator) one(words ...string) string { return words[g.IntN(len(words))] }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g *generator) int(from, to int) string { return strconv.Itoa(from + g.IntN(to-from+1)) }

func (g *generator) key() string {
	if g.chance(3) {
		return g.one("", "a key\r\nof two lines", "\x00\xff", strings.Repeat("long", 70))
	}
	return "k" + g.int(0, 9)
}

func (g *generator) keys() (out []string) {
	for range 1 + g.IntN(3) {
		out = append(out, g.key())
	}
	return out
}

// db is database 0 or 1 most of the time, so that keys meet.
func (g *generator) db() string {
	if g.chance(20) {
		return g.int(2, databases-1)
	}
	return g.int(0, 1)
}

func (g *generator) value() string {
	switch n := g.IntN(100); {
	case n < 30:
		return g.int(-20, 300)
	case n < 35:
		return strconv.FormatInt(int64(g.Uint64()), 10)
	case n < 40:
		return g.one("", "0", "-0", "007", "3.5", "1e3", "9223372036854775807", " 1")
	case n < 70:
		return strings.Repeat("v", g.IntN(40))
	case n < 85:
		b := make([]byte, g.IntN(60))
		for i := range b {
			b[i] = byte(g.Uint32())
		}
		return string(b)
	case n < 99:
		return strings.Repeat("w", g.IntN(3000))
	}
	return strings.Repeat("large", 60_000)
}

// pairs are keys and values in turn.
func (g *generator) pairs() (out []string) {
	for range 1 + g.IntN(4) {
		out = append(out, g.key(), g.value())
	}
	return out
}

// ms is a short time most of the time, sometimes one past, seldom a long one.
func (g *generator) ms() int64 {
	switch n := g.IntN(20); {
	case n == 0:
		return -int64(g.IntN(3000))
	case n < 4:
		return g.Int64N(1 << 36)
	}
	return 1 + g.Int64N(20_000)
}

func (g *generator) msText() string      { return strconv.FormatInt(g.ms(), 10) }
func (g *generator) secondsText() string { return strconv.FormatInt((g.ms()+999)/1000, 10) }
func (g *generator) unixMs() string {
	return strconv.FormatInt(g.clock.Now().WallMs()+g.ms(), 10)
}

func (g *generator) unixSeconds() string {
	return strconv.FormatInt((g.clock.Now().WallMs()+g.ms())/1000, 10)
}

// ttl is an option of SET and GETEX with its time.
func (g *generator) ttl() []string {
	switch g.IntN(4) {
	case 0:
		return []string{"EX", g.secondsText()}
	case 1:
		return []string{"PX", g.msText()}
	case 2:
		return []string{"EXAT", g.unixSeconds()}
	}
	return []string{"PXAT", g.unixMs()}
}

func (g *generator) condition() []string {
	if g.chance(70) {
		return nil
	}
	return []string{g.one("NX", "XX", "GT", "LT")}
}

// line joins the parts of a command.
func line(parts ...any) (out []string) {
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			out = append(out, p)
		case []string:
			out = append(out, p...)
		default:
			panic(fmt.Sprintf("part %v of a command", p))
		}
	}
	return out
}

// writes draw the arguments of each write command, by its full name in the command table.
var writes = map[string]func(g *generator) []string{
	"set": func(g *generator) []string {
		out := []string{g.key(), g.value()}
		if g.chance(20) {
			out = append(out, g.one("NX", "XX"))
		}
		if g.chance(10) {
			out = append(out, "GET")
		}
		switch n := g.IntN(10); {
		case n < 4:
			out = append(out, g.ttl()...)
		case n < 6:
			out = append(out, "KEEPTTL")
		}
		return out
	},
	"setex":       func(g *generator) []string { return line(g.key(), g.secondsText(), g.value()) },
	"psetex":      func(g *generator) []string { return line(g.key(), g.msText(), g.value()) },
	"setnx":       func(g *generator) []string { return line(g.key(), g.value()) },
	"mset":        func(g *generator) []string { return g.pairs() },
	"msetnx":      func(g *generator) []string { return g.pairs() },
	"getset":      func(g *generator) []string { return line(g.key(), g.value()) },
	"getdel":      func(g *generator) []string { return line(g.key()) },
	"incr":        func(g *generator) []string { return line(g.key()) },
	"decr":        func(g *generator) []string { return line(g.key()) },
	"incrby":      func(g *generator) []string { return line(g.key(), g.int(-1000, 1000)) },
	"decrby":      func(g *generator) []string { return line(g.key(), g.int(-1000, 1000)) },
	"incrbyfloat": func(g *generator) []string { return line(g.key(), g.one("0.1", "-3", "1e10", "5.25")) },
	"append":      func(g *generator) []string { return line(g.key(), g.value()) },
	"setrange":    func(g *generator) []string { return line(g.key(), g.int(0, 200), g.value()) },
	"setbit":      func(g *generator) []string { return line(g.key(), g.int(0, 900), g.int(0, 1)) },
	"getex": func(g *generator) []string {
		switch g.IntN(3) {
		case 0:
			return line(g.key())
		case 1:
			return line(g.key(), "PERSIST")
		}
		return line(g.key(), g.ttl())
	},
	"expire":    func(g *generator) []string { return line(g.key(), g.secondsText(), g.condition()) },
	"pexpire":   func(g *generator) []string { return line(g.key(), g.msText(), g.condition()) },
	"expireat":  func(g *generator) []string { return line(g.key(), g.unixSeconds(), g.condition()) },
	"pexpireat": func(g *generator) []string { return line(g.key(), g.unixMs(), g.condition()) },
	"persist":   func(g *generator) []string { return line(g.key()) },
	"del":       func(g *generator) []string { return g.keys() },
	"unlink":    func(g *generator) []string { return g.keys() },
	"rename":    func(g *generator) []string { return line(g.key(), g.key()) },
	"renamenx":  func(g *generator) []string { return line(g.key(), g.key()) },
	"copy": func(g *generator) []string {
		out := line(g.key(), g.key())
		if g.chance(40) {
			out = append(out, "DB", g.db())
		}
		if g.chance(50) {
			out = append(out, "REPLACE")
		}
		return out
	},
	"move":           func(g *generator) []string { return line(g.key(), g.db()) },
	"swapdb":         func(g *generator) []string { return line(g.db(), g.db()) },
	"flushdb":        func(g *generator) []string { return line(g.sync()) },
	"flushall":       func(g *generator) []string { return line(g.sync()) },
	"function|flush": func(*generator) []string { return nil },
}

func (g *generator) sync() []string {
	if g.chance(50) {
		return nil
	}
	return []string{g.one("SYNC", "ASYNC")}
}

// rare are the writes that take much away, or nothing: they come once in so many of the others.
var rare = map[string]int{"flushall": 60, "flushdb": 30, "swapdb": 3, "function|flush": 20}

// others draw commands that write nothing, but may find keys that are due.
var others = []func(g *generator) []string{
	func(g *generator) []string { return line("GET", g.key()) },
	func(g *generator) []string { return line("MGET", g.keys()) },
	func(g *generator) []string { return line("EXISTS", g.keys()) },
	func(g *generator) []string { return line("PTTL", g.key()) },
	func(g *generator) []string { return line("PEXPIRETIME", g.key()) },
	func(g *generator) []string { return line("STRLEN", g.key()) },
	func(g *generator) []string { return line("TOUCH", g.keys()) },
	func(*generator) []string { return line("RANDOMKEY") },
	func(*generator) []string { return line("DBSIZE") },
	func(g *generator) []string { return line("SCAN", "0", "COUNT", g.int(1, 10)) },
	func(g *generator) []string { return line("SELECT", g.db()) },
	func(g *generator) []string { return line("DEBUG", "POPULATE", g.int(1, 5), "k") },
}

// pass is how long the clock is let go on.
func (g *generator) pass() time.Duration {
	if g.chance(2) {
		return time.Duration(g.IntN(100)) * time.Hour
	}
	return time.Duration(g.IntN(1500)) * time.Millisecond
}

// step is by how much the wall clock is set ahead or back: an even number of milliseconds, since what is stated may be one
// off before it is stated again.
func (g *generator) step() time.Duration {
	d := 2 * time.Duration(1+g.IntN(1000)) * time.Millisecond
	if g.chance(30) {
		d *= 1000
	}
	if g.chance(50) {
		return -d
	}
	return d
}
