package stringcmd_test

import (
	"strconv"
	"strings"
	"testing"
)

// A reply with a large string, or a large part of one, refers to its bytes and copies none, whatever the command does to the
// key afterwards; and the reference is the last thing that holds the memory of a key that is gone.
func TestLargeRepliesCopyNothing(t *testing.T) {
	const n = 1 << 20
	value := strings.Repeat("0123456789abcdef", n/16)
	bulk := func(s string) string { return "$" + strconv.Itoa(len(s)) + "\r\n" + s + "\r\n" }
	for line, want := range map[string]string{
		"get k":                    bulk(value),
		"getex k PERSIST":          bulk(value),
		"getex k PXAT 1":           bulk(value),
		"getdel k":                 bulk(value),
		"getset k other":           bulk(value),
		"set k other GET":          bulk(value),
		"set k " + value + " GET":  bulk(value), // of the same length: not written over what is replied
		"mget k absent k":          "*3\r\n" + bulk(value) + "$-1\r\n" + bulk(value),
		"getrange k 5 900000":      bulk(value[5:900001]),
		"substr k -200000 -1":      bulk(value[n-200000:]),
		"getrange k 1000 2000":     bulk(value[1000:2001]),
		"getrange k 10 5":          bulk(""),
		"getrange k 0 99999999999": bulk(value),
	} {
		s := fresh(t)
		s.Do("set", "k", value, "EX", "100")
		s.Session.Out.Reset()
		run := func(words ...string) {
			args := make([][]byte, len(words))
			for i, w := range words {
				args[i] = []byte(w)
			}
			s.Run(args)
		}
		run(strings.Fields(line)...)
		run("append", "k", "tail")
		run("setrange", "k", "0", "overwritten")
		run("del", "k")
		name := strings.ReplaceAll(line, value, "VALUE")
		if buffered := len(s.Session.Out.Buf); buffered > 2000 {
			t.Errorf("%s: %d bytes were copied into the reply", name, buffered)
		}
		if got := string(s.Session.Out.AppendTo(nil)); !strings.HasPrefix(got, want) {
			t.Errorf("%s: a reply of %d bytes, want %d: it begins with %.40q", name, len(got), len(want), got)
		}
		s.Session.Out.Reset()
		if used := s.Keyspace.UsedByData(); used != 0 {
			t.Errorf("%s: %d bytes are in use after the reply was sent", name, used)
		}
	}
}
