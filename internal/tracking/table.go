package tracking

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp"
)

// Config is what a Table is made of.
type Config struct {
	Journal  *journal.Journal
	Sessions *session.Registry
	// Limit is the hard output limit of a session in bytes, 0 for none.
	Limit func(s *session.Session) int64
	// MaxKeys is tracking-table-max-keys, 0 for no limit.
	MaxKeys func() int64
	// Account reports bytes (negative: gives back) of the table as memory in use. Called under locks.
	Account func(bytes int64)
}

// Table knows which sessions are to be told of which keys. Safe for concurrent use; session.Tracking is changed by its session's owner alone.
type Table struct {
	// immutable
	journal  *journal.Journal
	id       journal.ID
	sessions *session.Registry
	limit    func(s *session.Session) int64
	maxKeys  func() int64

	clients clients
	readers readers
	cast    broadcast
	flushed atomic.Bool // a database was flushed since the last Flush
	// telling is held while what was gathered is sent, and under says that it is.
	telling struct {
		sync.Mutex
		under atomic.Bool
	}
	// switching serialises the coming and going of clients with the journal's switch and what an empty table is cleared of.
	switching sync.Mutex
}

// reasons are what tracking listens to. As in Redis, exchanging two databases tells nobody.
const reasons = journal.Mutations &^ (1 << journal.Swapped)

// New registers a table with the journal, disabled.
func New(c Config) *Table {
	t := &Table{journal: c.Journal, sessions: c.Sessions, limit: c.Limit, maxKeys: c.MaxKeys}
	t.readers.seed, t.readers.account = maphash.MakeSeed(), c.Account
	t.cast.seed = maphash.MakeSeed()
	t.id = c.Journal.Register(t)
	return t
}

// On begins tracking for a session, or changes how. The error says what Redis says, without its prefix. Called by the
// session's owner.
func (t *Table) On(s *session.Session, o Options) error {
	if err := o.check(s.Tracking); err != nil {
		return err
	}
	st := &session.Tracking{BCast: o.BCast, OptIn: o.OptIn, OptOut: o.OptOut, NoLoop: o.NoLoop, Redirect: o.Redirect}
	if old := s.Tracking; old != nil {
		st.Caching, st.Prefixes = old.Caching, old.Prefixes
	}
	added := o.added(st.Prefixes)
	st.Prefixes = merge(st.Prefixes, added)
	s.Tracking = st
	s.SetFlag(session.FlagTracking, true)
	s.SetFlag(session.FlagBCast, o.BCast)
	s.SetFlag(session.FlagBrokenRedirect, false)
	s.Public.Redirect.Store(int64(o.Redirect))
	t.switching.Lock()
	t.clients.set(s.ID, &client{s: s, bcast: o.BCast, noLoop: o.NoLoop, redirect: o.Redirect})
	t.journal.Listen(t.id, reasons)
	t.switching.Unlock()
	for _, p := range added {
		t.cast.join(p, s.ID)
		s.Public.Kept.Add(prefixSize(p))
	}
	return nil
}

// prefixSize is about how much memory a session's prefix takes, here and with the session.
func prefixSize(p string) int64 { return int64(len(p)) + 256 }

// Off ends tracking for a session: it asked for that, is reset or disconnects. Called by the session's owner.
func (t *Table) Off(s *session.Session) {
	for t.OffSome(s, math.MaxInt) {
	}
}

// OffSome is Off for n prefixes at most, and reports whether there are more: tracking goes on until there are none.
func (t *Table) OffSome(s *session.Session, n int) (more bool) {
	st := s.Tracking
	if st == nil {
		return false
	}
	for left := st.Prefixes; len(left) > 0; n-- {
		if n == 0 {
			st.Prefixes = left
			return true
		}
		last := len(left) - 1
		t.cast.leave(left[last], s.ID)
		s.Public.Kept.Add(-prefixSize(left[last]))
		left = left[:last]
	}
	t.switching.Lock()
	defer t.switching.Unlock()
	t.clients.remove(s.ID)
	s.Tracking = nil
	for _, f := range []uint32{session.FlagTracking, session.FlagBCast, session.FlagBrokenRedirect} {
		s.SetFlag(f, false)
	}
	s.Public.Redirect.Store(-1)
	if t.clients.count.Load() == 0 {
		t.journal.Listen(t.id, journal.NoReasons)
		t.readers.clear()
	}
	return false
}

// Remember notes that a session read keys with a read-only command. REQUIRES the keys' shards to be locked, since before
// they were read. Called by the session's owner. The database does not matter, see the package's comment.
func (t *Table) Remember(s *session.Session, _ int, keys [][]byte) {
	st := s.Tracking
	if st == nil || st.BCast || st.OptIn && !st.Caching || st.OptOut && st.Caching {
		return
	}
	for _, key := range keys {
		t.readers.add(key, s.ID, func(id uint64) bool { return t.clients.get(id) != nil })
	}
	t.trim(2 * len(keys))
}

// CommandDone ends what CLIENT CACHING said for one command, and tells of what the command flushed: the session hears of
// its own flush right behind the reply. Called after each command outside EXEC by the session's owner, without locks.
func (t *Table) CommandDone(s *session.Session) {
	if t.flushed.Load() {
		t.beginTelling()
		t.tellFlushed()
		t.endTelling()
	}
	st := s.Tracking
	switch {
	case st == nil || !st.Caching:
	case st.KeepCaching:
		st.KeepCaching = false
	case !s.Multi.Open: // it lasts over a transaction
		st.Caching = false
	}
}

// Consume tells the sessions that a record concerns, or gathers it for Flush.
func (t *Table) Consume(r *journal.Record) {
	if r.Reason == journal.Flushed {
		t.readers.clear()
		t.flushed.Store(true)
		return
	}
	if t.cast.count.Load() > 0 {
		origin := r.Origin
		if r.Reason == journal.Expired || r.Reason == journal.Evicted || r.Reason == journal.Invalidated {
			origin = 0 // nobody's own change, even if a session's command came upon it
		}
		t.cast.note(r.Key, origin)
	}
	if t.readers.keys.Load() == 0 {
		return
	}
	if ids := t.readers.take(r.Key); len(ids) > 0 {
		t.tell(string(r.Key), ids, r.Origin)
	}
}

// tell sends the readers of a key that it is to be forgotten.
func (t *Table) tell(key string, ids []uint64, origin uint64) {
	for _, id := range ids {
		cl := t.clients.get(id)
		// A session that has turned to broadcasting since is told by that.
		if cl == nil || cl.bcast || cl.noLoop && id == origin {
			continue
		}
		t.sendKeys(cl, key)
	}
}

// Flush sends what was gathered, and returns when all of it is in the mailboxes, even where another worker is sending it.
// Each worker calls it at the end of a turn, without locks; it costs three loads when there is nothing to send.
func (t *Table) Flush() {
	if !t.flushed.Load() && !t.cast.pending.Load() && !t.telling.under.Load() {
		return
	}
	t.beginTelling()
	t.tellFlushed()
	t.flushBroadcast()
	t.endTelling()
}

func (t *Table) beginTelling() {
	t.telling.Lock()
	t.telling.under.Store(true) // before the others find nothing gathered any more
}

func (t *Table) endTelling() {
	t.telling.under.Store(false)
	t.telling.Unlock()
}

// tellFlushed tells everyone to forget all keys, once for all databases that were flushed. REQUIRES: telling is held.
func (t *Table) tellFlushed() {
	if t.flushed.Swap(false) {
		for _, cl := range t.clients.all() {
			t.send(cl, func(w *resp.Writer) { w.Null() })
		}
	}
}

// Trim forgets keys over the limit, n at most, and reports whether there are more. For a change of the limit: otherwise
// remembering a key keeps to it.
func (t *Table) Trim(n int) (more bool) {
	t.trim(n)
	limit := t.maxKeys()
	return limit > 0 && t.readers.keys.Load() > limit
}

func (t *Table) trim(n int) {
	limit := t.maxKeys()
	for ; n > 0 && limit > 0 && t.readers.keys.Load() > limit; n-- {
		key, ids, ok := t.readers.takeRandom()
		if !ok {
			return
		}
		t.tell(key, ids, 0)
	}
}

// Counts are the figures of INFO: tracking sessions, remembered keys, session ids over all of them, prefixes.
func (t *Table) Counts() (sessions, keys, items, prefixes int64) {
	return t.clients.count.Load(), t.readers.keys.Load(), t.readers.items.Load(), t.cast.count.Load()
}
