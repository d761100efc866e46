package monitor

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp"
)

// keepLine bounds the line buffer that a feed keeps.
const keepLine = 16 << 10

// Feed knows which sessions monitor. Safe for concurrent use.
type Feed struct {
	limit func(s *session.Session) int64 // immutable
	count atomic.Int32

	mu       sync.Mutex // also the order of the lines
	sessions []*session.Session
	line     []byte
}

// New makes a feed. limit is asked for the output limit of a monitoring session, 0 for none.
func New(limit func(s *session.Session) int64) *Feed { return &Feed{limit: limit} }

// Active reports whether anyone monitors. Cheap.
func (f *Feed) Active() bool { return f.count.Load() > 0 }

// Add makes a session see all commands from now on. Called by the session's owner.
func (f *Feed) Add(s *session.Session) {
	if s.Monitoring {
		return
	}
	s.Monitoring = true
	s.SetFlag(session.FlagMonitor, true)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sessions = append(f.sessions, s)
	f.count.Store(int32(len(f.sessions)))
}

// Remove ends that: the session is reset or disconnects. Called by the session's owner.
func (f *Feed) Remove(s *session.Session) {
	if !s.Monitoring {
		return
	}
	s.Monitoring = false
	s.SetFlag(session.FlagMonitor, false)
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.sessions {
		if f.sessions[i] == s {
			f.sessions = append(f.sessions[:i], f.sessions[i+1:]...)
			break
		}
	}
	f.count.Store(int32(len(f.sessions)))
}

// Show sends a command of session by, run in database db at a unix time in ns, to all monitors. Secrets must be hidden
// already, see Hide.
func (f *Feed) Show(by *session.Session, db int, args [][]byte, wallNs int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.sessions) == 0 {
		return
	}
	line := appendLine(f.line[:0], by, db, args, wallNs)
	for _, s := range f.sessions {
		s.Push(f.limit(s), func(w *resp.Writer) { w.Raw(line) })
	}
	if cap(line) <= keepLine {
		f.line = line
	}
}

// appendLine writes a command as a simple string: +<seconds>.<microseconds> [<db> <address>] "arg" "arg".
func appendLine(dst []byte, by *session.Session, db int, args [][]byte, wallNs int64) []byte {
	us := wallNs / 1000
	dst = append(dst, '+')
	dst = strconv.AppendInt(dst, us/1_000_000, 10)
	dst = append(dst, '.')
	for unit := int64(100_000); unit > 0; unit /= 10 {
		dst = append(dst, byte('0'+us/unit%10))
	}
	dst = append(dst, " ["...)
	dst = strconv.AppendInt(dst, int64(db), 10)
	dst = append(dst, ' ')
	if by.Unix {
		dst = append(dst, "unix:"...)
		dst = append(dst, strings.TrimSuffix(by.Addr, ":0")...)
	} else {
		dst = append(dst, by.Addr...)
	}
	dst = append(dst, ']')
	for _, a := range args {
		dst = append(dst, ' ')
		dst = appendQuoted(dst, a)
	}
	return append(dst, "\r\n"...)
}

// escapes are the bytes that are written as a backslash and a letter.
var escapes = [256]byte{'\\': '\\', '"': '"', '\n': 'n', '\r': 'r', '\t': 't', '\a': 'a', '\b': 'b'}

// appendQuoted writes b between quotes, in printable ASCII.
func appendQuoted(dst, b []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range b {
		switch {
		case escapes[c] != 0:
			dst = append(dst, '\\', escapes[c])
		case c < ' ' || c > '~':
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
