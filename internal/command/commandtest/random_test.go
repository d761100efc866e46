package commandtest_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/command/commandtest"
)

// templates are commands whose words in capitals with a $ are filled in by chance from words; one in brackets may be
// left out. Nothing in them depends on the milliseconds that pass.
var templates = []string{
	"set $KEY $VALUE [$SETOPT] [$SETOPT] [$TTL]", "set $KEY $VALUE [$SETOPT] [$TTL] [$TTL]", "get $KEY",
	"getex $KEY [$TTL] [PERSIST]", "getdel $KEY", "getset $KEY $VALUE", "setnx $KEY $VALUE", "setex $KEY $SECONDS $VALUE",
	"psetex $KEY $MS $VALUE", "mset $KEY $VALUE $KEY $VALUE", "msetnx $KEY $VALUE $KEY $VALUE", "mget $KEY $KEY $KEY",
	"append $KEY $VALUE", "strlen $KEY", "incr $KEY", "decr $KEY", "incrby $KEY $NUMBER", "decrby $KEY $NUMBER",
	"incrbyfloat $KEY $NUMBER", "getrange $KEY $INDEX $INDEX", "setrange $KEY $INDEX $VALUE", "setbit $KEY $INDEX $BIT",
	"getbit $KEY $INDEX", "lcs $KEY $KEY [LEN] [IDX] [WITHMATCHLEN]", "lcs $KEY $KEY IDX MINMATCHLEN $INDEX",
	"del $KEY $KEY", "unlink $KEY", "exists $KEY $KEY", "touch $KEY $KEY", "type $KEY", "rename $KEY $KEY",
	"renamenx $KEY $KEY", "copy $KEY $KEY [REPLACE]", "copy $KEY $KEY DB $DB [REPLACE]", "move $KEY $DB", "swapdb $DB $DB",
	"object encoding $KEY", "expire $KEY $SECONDS [$NXXX]", "pexpire $KEY $MS [$NXXX]", "expireat $KEY $DATE [$COND]",
	"pexpireat $KEY $DATE [$COND]", "persist $KEY", "flushdb [$SYNC]",
}

var fill = map[string][]string{
	"$KEY":     {"a", "b", "c", "d"},
	"$VALUE":   {"", "1", "0", "-5", "abc", "hello world", "3.25", "9223372036854775807", "007", "1e3", strings.Repeat("x", 70)},
	"$SETOPT":  {"NX", "XX", "GET", "KEEPTTL", "nx", "foo"},
	"$TTL":     {"EX 100", "ex 0", "PX 100000", "px -1", "EXAT 9999999999", "EXAT 1", "PXAT 9999999999000", "PXAT x", "EX", "EX 9223372036854775"},
	"$SECONDS": {"100", "200", "0", "-1", "x", "9223372036854775807", "-9223372036854775808"},
	"$MS":      {"100000", "200000", "0", "-1", "1.5"},
	"$DATE":    {"9999999999", "9999999998", "1", "0", "-1", "9223372036854775", "9223372036854775807", "-9223372036854775808"},
	"$NUMBER":  {"1", "-1", "100", "0", "0.5", "-2.25", "1e10", "x", "inf", "9223372036854775807", "-9223372036854775808"},
	"$INDEX":   {"0", "1", "2", "3", "8", "17", "40", "300", "-1", "-9", "-300", "x"},
	"$BIT":     {"0", "1", "1", "2"},
	"$DB":      {"0", "1", "2", "16", "x"},
	"$NXXX":    {"NX", "XX", "nx", "foo"},
	"$COND":    {"NX", "XX", "GT", "LT", "gt"},
	"$SYNC":    {"SYNC", "ASYNC", "foo"},
}

// randomCommand fills a template in.
func randomCommand(rnd *rand.Rand) []string {
	var out []string
	for _, word := range strings.Fields(templates[rnd.IntN(len(templates))]) {
		if name, optional := strings.CutPrefix(word, "["); optional {
			if rnd.IntN(3) > 0 {
				continue
			}
			word = strings.TrimSuffix(name, "]")
		}
		choices, ok := fill[word]
		switch {
		case !ok:
			out = append(out, word)
		case word == "$TTL":
			out = append(out, strings.Fields(choices[rnd.IntN(len(choices))])...)
		default:
			out = append(out, choices[rnd.IntN(len(choices))])
		}
	}
	return out
}

// TestRandomCommandsAnswerAsOnRedis compares replies and events of random sequences of commands.
func TestRandomCommandsAnswerAsOnRedis(t *testing.T) {
	r := commandtest.StartRedis(t)
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		var commands [][]string
		for range 60 {
			commands = append(commands, randomCommand(rnd))
		}
		t.Run("", func(t *testing.T) {
			s := commandtest.New(t)
			if !commandtest.Same(t, s, r, commands) {
				t.Logf("seed %d", seed)
			}
		})
		if t.Failed() {
			return
		}
	}
}
