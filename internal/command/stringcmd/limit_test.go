package stringcmd_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/command/commandtest"
	"github.com/curfewkv/curfew/internal/keyspace"
)

func freshLimited(t testing.TB, maxBulk int64) *commandtest.Server {
	s := commandtest.New(t)
	s.Keys.MaxBulk.Override(maxBulk)
	return s
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
		{"setbit c 80 1", "-ERR bit offset is not an integer or out of range"},
		{"getbit c 80", "-ERR bit offset is not an integer or out of range"},
		{"append d 0123456789", ":10"},
		{"append d x", tooBig},
		{"append d \x00", tooBig},
	} {
		if got := s.Text(strings.Fields(c.line)...); got != c.want {
			t.Errorf("%s: %s, want %s", c.line, got, c.want)
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

func TestLCSRefusesLongWork(t *testing.T) {
	s := freshLimited(t, 4*11*11)
	s.Do("mset", "a", "0123456789", "b", "0123456789", "c", "01234567890")
	if got := s.Text("lcs", "a", "b", "LEN"); got != ":10" {
		t.Errorf("at the limit: %s", got)
	}
	if got := s.Text("lcs", "a", "c", "LEN"); got != "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len" {
		t.Errorf("over the limit: %s", got)
	}
}
