package stringcmd

import (
	"strconv"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/command/commandtest"
	"github.com/curfewkv/curfew/internal/keyspace"
)

func freshLimited(t testing.TB, maxBulk int64) *commandtest.Server {
	return commandtest.New(t, Specs(func() int64 { return maxBulk }))
}

func TestStringsKeepToTheLimit(t *testing.T) {
	const tooBig = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	s := freshLimited(t, 10)
	for _, c := range []struct{ line, want string }{
		{"setrange a 9 x", ":10"},
		{"setrange a 10 x", tooBig},
		{"setrange b 10 x", tooBig},
		{"append a x", tooBig},
		{"setbit c 79 1", ":0"},
		{"setbit c 80 1", "-" + string(errBitOffset)},
		{"getbit c 80", "-" + string(errBitOffset)},
		{"append d 0123456789", ":10"},
		{"append d x", tooBig},
		{"append d \x00", tooBig},
	} {
		if got := s.Text(strings.Fields(c.line)...); got != c.want {
			t.Errorf("%s: %s, want %s", c.line, got, c.want)
		}
	}
}

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

// Values of the size from which the keyspace looks at maxmemory itself.
const large = 300 << 10

func TestMSETIsAllOrNothingUnderMaxmemory(t *testing.T) {
	for _, name := range []string{"mset", "msetnx"} {
		s := freshLimited(t, 512<<20)
		s.Keyspace.Settings.MaxMemory.Store(s.Keyspace.Used() + large + large/2)
		value := strings.Repeat("x", large)
		if got := s.Text(name, "a", value, "b", value); got != "-OOM no room under maxmemory" {
			t.Fatalf("%s: %s", name, got)
		}
		s.Update(func(tx *keyspace.Txn) {
			if n := tx.Len(); n != 0 {
				t.Errorf("%s: a refused command left %d keys", name, n)
			}
		})
		if e := s.Events(); e != "" {
			t.Errorf("%s: a refused command gave %s", name, e)
		}
		s.Keyspace.Settings.MaxMemory.Store(s.Keyspace.Used() + 3*large)
		if got := s.Text(name, "a", value, "b", value); got != "+OK" && got != ":1" {
			t.Errorf("%s with room: %s", name, got)
		}
	}
}

func TestGrowthIsRefusedUnderMaxmemory(t *testing.T) {
	s := freshLimited(t, 512<<20)
	s.Do("set", "a", "value")
	s.Events()
	s.Keyspace.Settings.MaxMemory.Store(s.Keyspace.Used() + 1000)
	for _, line := range []string{"setrange a 1000000 x", "setrange b 1000000 x", "setbit a 8000000 1", "setbit b 8000000 1"} {
		if got := s.Text(strings.Fields(line)...); got != "-OOM no room under maxmemory" {
			t.Errorf("%s: %s", line, got)
		}
	}
	if got, events := s.Text("get", "a"), s.Events(); got != strconv.Quote("value") || events != "" {
		t.Errorf("refused commands left %s and gave %s", got, events)
	}
}
