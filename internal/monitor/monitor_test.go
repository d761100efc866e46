package monitor

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/curfewkv/curfew/internal/session"
)

type noWake struct{}

func (noWake) Wake(*session.Session) {}

func newSession(id uint64, addr string) *session.Session {
	s := session.New(id, noWake{}, 1)
	s.Addr = addr
	return s
}

func argv(words ...string) [][]byte {
	var out [][]byte
	for _, w := range words {
		out = append(out, []byte(w))
	}
	return out
}

func heard(s *session.Session) string {
	s.Collect()
	out := string(s.Out.Buf)
	s.Out.Buf = nil
	return out
}

func unlimited(*session.Session) int64 { return 0 }

func TestLinesLookAsInRedis(t *testing.T) {
	f := New(unlimited)
	m := newSession(1, "127.0.0.1:1")
	f.Add(m)
	tcp, unix := newSession(2, "127.0.0.1:60866"), newSession(3, "/tmp/s.sock:0")
	unix.Unix = true
	for _, c := range []struct {
		by   *session.Session
		db   int
		wall int64
		args [][]byte
		want string
	}{
		{tcp, 0, 1339518083_107412_999, argv("keys", "*"), `+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`},
		{tcp, 9, 1_000_000_000, argv("PING"), `+1.000000 [9 127.0.0.1:60866] "PING"`},
		{unix, 0, 1_000_005_000, argv("GET", ""), `+1.000005 [0 unix:/tmp/s.sock] "GET" ""`},
		{tcp, 0, 1_000_000_000, argv("SET", "a\"b\\c", "\n\r\t\a\b\x00\x7f\xff~ é"),
			`+1.000000 [0 127.0.0.1:60866] "SET" "a\"b\\c" "\n\r\t\a\b\x00\x7f\xff~ \xc3\xa9"`},
	} {
		f.Show(c.by, c.db, c.args, c.wall)
		if got := heard(m); got != c.want+"\r\n" {
			t.Errorf("%q\nwant %q", got, c.want)
		}
	}
}

func TestMonitorsComeAndGo(t *testing.T) {
	f := New(unlimited)
	a, b := newSession(1, "a"), newSession(2, "b")
	f.Show(a, 0, argv("PING"), 0)
	if f.Active() {
		t.Error("active without a monitor")
	}
	f.Add(a)
	f.Add(a)
	f.Add(b)
	f.Show(a, 0, argv("PING"), 0)
	if n := strings.Count(heard(a), "PING"); n != 1 || heard(b) == "" || !a.HasFlag(session.FlagMonitor) {
		t.Errorf("%d lines", n)
	}
	f.Remove(a)
	f.Remove(a)
	f.Show(a, 0, argv("PING"), 0)
	if heard(a) != "" || heard(b) == "" || a.HasFlag(session.FlagMonitor) || a.Monitoring {
		t.Error("a removed monitor still hears")
	}
	f.Remove(b)
	if f.Active() {
		t.Error("active after the last has gone")
	}
}

func TestSlowMonitorIsKilledAtItsLimit(t *testing.T) {
	f := New(func(*session.Session) int64 { return 1000 })
	m := newSession(1, "m")
	f.Add(m)
	for range 100 {
		f.Show(m, 0, argv("SET", "key", "value"), 0)
	}
	if !m.Killed() || m.MailBytes() != 0 {
		t.Error("it still holds memory")
	}
}

func TestSecretsAreHidden(t *testing.T) {
	secret := func(key []byte) bool {
		return strings.EqualFold(string(key), "requirepass") || strings.EqualFold(string(key), "masterauth")
	}
	for _, c := range [][2]string{
		{"GET auth", "GET auth"},
		{"AUTH pw", "AUTH (redacted)"},
		{"auth user pw", "auth (redacted) (redacted)"},
		{"HELLO", "HELLO"},
		{"HELLO 3 SETNAME auth", "HELLO 3 SETNAME auth"},
		{"hello 2 AUTH user pw SETNAME me", "hello 2 AUTH (redacted) (redacted) SETNAME me"},
		{"acl setuser u >pw +get", "acl setuser (redacted) (redacted) (redacted)"},
		{"acl list", "acl list"},
		{"config set masterauth pw", "config set masterauth (redacted)"},
		{"CONFIG SET save x RequirePass pw port 1", "CONFIG SET save x RequirePass (redacted) port 1"},
		{"config set slowlog-log-slower-than 0", "config set slowlog-log-slower-than 0"},
		{"config get requirepass", "config get requirepass"},
	} {
		args := argv(strings.Fields(c[0])...)
		if got := string(bytes.Join(Hide(args, secret), []byte(" "))); got != c[1] {
			t.Errorf("%s: %s", c[0], got)
		}
		if got := string(bytes.Join(args, []byte(" "))); got != c[0] {
			t.Errorf("%s: the command's own arguments became %s", c[0], got)
		}
	}
}

func TestAllMonitorsSeeOneOrder(t *testing.T) {
	f := New(unlimited)
	a, b := newSession(1, "a"), newSession(2, "b")
	f.Add(a)
	f.Add(b)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			extra := newSession(uint64(10+g), "x")
			for i := range 300 {
				f.Show(extra, 0, argv("SET", fmt.Sprint(g), fmt.Sprint(i)), 0)
				f.Add(extra)
				f.Remove(extra)
			}
		})
	}
	wg.Wait()
	first, second := heard(a), heard(b)
	if first != second || strings.Count(first, "SET") != 1200 {
		t.Error("the monitors differ or miss commands")
	}
}
