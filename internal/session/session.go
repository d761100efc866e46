package session

import (
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/resp"
)

// ReplyMode is what CLIENT REPLY chose.
type ReplyMode uint8

// The modes of CLIENT REPLY. SkipNext becomes Skip when the next command starts.
const (
	ReplyOn ReplyMode = iota
	ReplyOff
	ReplySkipNext
	ReplySkip
)

// Transport is what a session asks of the connection that it belongs to. Safe for concurrent use.
type Transport interface {
	// Wake makes the owning goroutine look at the session's kill flag and mailbox and process it. Under any lock.
	Wake(s *Session)
}

// Session is one connected client.
type Session struct {
	// immutable
	ID        uint64
	Addr      string // remote host:port, or path:0 for a unix socket
	LocalAddr string
	FD        int
	Unix      bool
	Local     bool  // from the loopback interface or a unix socket
	Created   int64 // monotonic ns

	// owned by the worker
	Parser        resp.Parser
	Out           resp.Writer
	DB            int
	Authenticated bool
	Reply         ReplyMode
	NoTouch       bool
	Multi         Multi
	Subs          Subscriptions
	Tracking      *Tracking
	Park          *Park // the request that waits; nil: none does
	resuming      *Park // the one whose wait has ended, while it is run again
	CloseAfter    bool  // close once the replies are written
	Monitoring    bool

	// Public is read by CLIENT LIST and INFO from other goroutines.
	Public Public

	transport  Transport
	killed     atomic.Bool
	overflowed atomic.Bool
	departed   atomic.Bool
	marks      atomic.Pointer[marks] // of the watched keys
	parked     atomic.Pointer[Park]  // Park, for Unblock from elsewhere
	lent       bool                  // the reply of a request that another goroutine ran is not written yet; the owner's
	away       atomic.Uint32         // which goroutine has the session, see lend.go
	last       func()                // what Close left to the borrower; written before away says so

	mail struct {
		sync.Mutex
		w      resp.Writer
		queued bool // the transport was woken and has not come yet
	}
	hasMail atomic.Bool
}

// Public are the figures of a session that anyone may read.
type Public struct {
	DB, Proto                      atomic.Int32
	MultiLen                       atomic.Int32 // -1 outside MULTI
	Watching                       atomic.Int32
	Channels, Patterns, ShardChans atomic.Int32
	LastActive                     atomic.Int64 // monotonic ns
	QueryLen, QueryFree            atomic.Int64
	MultiBytes                     atomic.Int64 // bytes that the transaction's queue takes
	OutBytes                       atomic.Int64 // replies that wait unsent
	Kept                           atomic.Int64 // bytes kept for it: subscriptions, watched keys, prefixes, names
	Memory                         atomic.Int64 // all that the session takes, in bytes
	Redirect                       atomic.Int64 // tracking redirect target, -1 none, 0 self
	Name, LibName, LibVer, LastCmd atomic.Pointer[string]
	User                           atomic.Pointer[string]
	Flags                          atomic.Uint32
}

// Flag bits shown by CLIENT LIST.
const (
	FlagMulti uint32 = 1 << iota
	FlagBlocked
	FlagPubSub
	FlagTracking
	FlagBrokenRedirect
	FlagBCast
	FlagUnix
	FlagMonitor
	FlagCloseAfter
	FlagNoEvict
	FlagNoTouch
)

// New makes a session in its initial state: RESP2, database 0.
func New(id uint64, t Transport, nowMono int64) *Session {
	s := &Session{ID: id, transport: t, Created: nowMono}
	s.Out.Proto = 2
	s.Public.Proto.Store(2)
	s.Public.MultiLen.Store(-1)
	s.Public.Redirect.Store(-1)
	s.Public.LastActive.Store(nowMono)
	return s
}

// SetProto switches the protocol version, 2 or 3.
func (s *Session) SetProto(v int) {
	s.Out.Proto = v
	s.Public.Proto.Store(int32(v))
}

// SetDB selects a database.
func (s *Session) SetDB(n int) {
	s.DB = n
	s.Public.DB.Store(int32(n))
}

// SetFlag turns a flag of CLIENT LIST on or off.
func (s *Session) SetFlag(f uint32, on bool) {
	if on {
		s.Public.Flags.Or(f)
	} else {
		s.Public.Flags.And(^f)
	}
}

// HasFlag reports a flag. Safe for concurrent use.
func (s *Session) HasFlag(f uint32) bool { return s.Public.Flags.Load()&f != 0 }

// Transport is what the session was made with.
func (s *Session) Transport() Transport { return s.transport }

// Wake makes the session's owner look at it. Safe for concurrent use, under any lock.
func (s *Session) Wake() { s.transport.Wake(s) }

// Kill asks the transport to close the connection. Safe for concurrent use.
func (s *Session) Kill() {
	s.killed.Store(true)
	s.transport.Wake(s)
}

// Depart says that the client goes away: no messages are taken for it any more. false: it was said before. Safe for
// concurrent use.
func (s *Session) Depart() bool { return s.departed.CompareAndSwap(false, true) }

// Departed reports whether Depart was called.
func (s *Session) Departed() bool { return s.departed.Load() }

// Overflowed reports whether the session was killed because messages for it would have passed its output limit.
func (s *Session) Overflowed() bool { return s.overflowed.Load() }

// Killed reports whether Kill was called.
func (s *Session) Killed() bool { return s.killed.Load() }

// SetText sets one of Public's strings; the empty one unsets it. Called by the owner.
func (s *Session) SetText(to *atomic.Pointer[string], b []byte) {
	s.Public.Kept.Add(int64(len(b) - len(Text(to))))
	if len(b) == 0 {
		to.Store(nil)
		return
	}
	text := string(b)
	to.Store(&text)
}

// Text is the value of one of Public's strings, "" when unset.
func Text(p *atomic.Pointer[string]) string {
	if v := p.Load(); v != nil {
		return *v
	}
	return ""
}
