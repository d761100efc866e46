package conncmd

import (
	"strconv"

	"github.com/curfewkv/curfew/internal/session"
)

// flagLetters are the letters of CLIENT LIST's flags, in Redis's order.
var flagLetters = []struct {
	flag   uint32
	letter byte
}{
	{session.FlagMonitor, 'O'}, {session.FlagPubSub, 'P'}, {session.FlagMulti, 'x'}, {session.FlagBlocked, 'b'},
	{session.FlagTracking, 't'}, {session.FlagBrokenRedirect, 'R'}, {session.FlagBCast, 'B'}, {flagDirty, 'd'},
	{session.FlagCloseAfter, 'c'}, {session.FlagUnix, 'U'}, {session.FlagNoEvict, 'e'},
	{session.FlagNoTouch, 'T'},
}

// flagDirty stands for what no flag tells: that a watched key has changed.
const flagDirty = 1 << 31

// line writes the fields of a line of CLIENT LIST.
type line struct{ b []byte }

func (l *line) text(name, value string) {
	if len(l.b) > 0 && l.b[len(l.b)-1] != '\n' {
		l.b = append(l.b, ' ')
	}
	l.b = append(l.b, name...)
	l.b = append(l.b, '=')
	l.b = append(l.b, value...)
}

func (l *line) int(name string, v int64) {
	l.text(name, "")
	l.b = strconv.AppendInt(l.b, v, 10)
}

// appendLine describes a session as Redis 7.4 does, field by field, at a monotonic instant in ns.
func appendLine(dst []byte, s *session.Session, now int64) []byte {
	p := &s.Public
	l := line{dst}
	l.int("id", int64(s.ID))
	l.text("addr", s.Addr)
	l.text("laddr", s.LocalAddr)
	l.int("fd", int64(s.FD))
	l.text("name", session.Text(&p.Name))
	l.int("age", (now-s.Created)/1e9)
	l.int("idle", max(0, now-p.LastActive.Load())/1e9)
	l.text("flags", flags(s))
	l.int("db", int64(p.DB.Load()))
	l.int("sub", int64(p.Channels.Load()))
	l.int("psub", int64(p.Patterns.Load()))
	l.int("ssub", int64(p.ShardChans.Load()))
	l.int("multi", int64(p.MultiLen.Load()))
	l.int("watch", int64(p.Watching.Load()))
	l.buffers(p)
	cmd := "NULL"
	if last := session.Text(&p.LastCmd); last != "" {
		cmd = last
	}
	l.text("cmd", cmd)
	user := defaultUser
	if name := session.Text(&p.User); name != "" {
		user = name
	}
	l.text("user", user)
	l.int("redir", p.Redirect.Load())
	l.int("resp", int64(p.Proto.Load()))
	l.text("lib-name", session.Text(&p.LibName))
	l.text("lib-ver", session.Text(&p.LibVer))
	return l.b
}

// buffers writes the fields from qbuf to events. Arguments are not copied, and replies are written to a buffer of the loop:
// a session has no memory for either.
func (l *line) buffers(p *session.Public) {
	query, free, multi, out := p.QueryLen.Load(), p.QueryFree.Load(), p.MultiBytes.Load(), p.OutBytes.Load()
	l.int("qbuf", query)
	l.int("qbuf-free", free)
	l.int("argv-mem", 0)
	l.int("multi-mem", multi)
	for _, name := range []string{"rbs", "rbp", "obl", "oll"} {
		l.int(name, 0)
	}
	l.int("omem", out)
	l.int("tot-mem", p.Memory.Load())
	events := "r"
	if out > 0 {
		events = "rw"
	}
	l.text("events", events)
}

// flags are the letters that apply; N when none does.
func flags(s *session.Session) string {
	var b []byte
	set := s.Public.Flags.Load()
	if s.Dirty() {
		set |= flagDirty
	}
	for _, f := range flagLetters {
		if set&f.flag != 0 {
			b = append(b, f.letter)
		}
	}
	if len(b) == 0 {
		return "N"
	}
	return string(b)
}
