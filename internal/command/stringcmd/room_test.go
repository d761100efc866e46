package stringcmd

import (
	"strings"
	"testing"
)

func TestRoomIsWhatTheStringWillTake(t *testing.T) {
	l := limit{func() int64 { return 1 << 20 }}
	line := func(s string) (args [][]byte) {
		for _, w := range strings.Fields(s) {
			args = append(args, []byte(w))
		}
		return args
	}
	for s, want := range map[string]int64{
		"setrange a 1000 xyz": 1003, "setrange a 1048573 xyz": 1 << 20, "setrange a 1048574 xyz": 0,
		"setrange a -1 x": 0, "setrange a x x": 0, "setrange a 9223372036854775807 x": 0,
	} {
		if got := l.setrange().Room(line(s)); got != want {
			t.Errorf("%s: %d, want %d", s, got, want)
		}
	}
	for s, want := range map[string]int64{"setbit a 8000 1": 1001, "setbit a 7 1": 1, "setbit a x 1": 0, "setbit a 8388608 1": 0} {
		if got := l.setbit().Room(line(s)); got != want {
			t.Errorf("%s: %d, want %d", s, got, want)
		}
	}
}
