package watch

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/session"
)

// stripes is the number of locks; a power of two.
const stripes = 64

// Service knows which sessions watch which keys. Safe for concurrent use; its locks are leaves.
type Service struct {
	// immutable
	journal *journal.Journal
	id      journal.ID
	lookup  Lookup
	seed    maphash.Seed

	parts [stripes]stripe
	keys  atomic.Int64 // watched keys over all sessions, each as often as it is watched

	enabling struct {
		sync.Mutex
		sessions int64 // sessions that watch something
	}
}

type stripe struct {
	mu   sync.Mutex
	keys map[keyOf]*watched
}

type keyOf struct {
	db  int
	key string
}

// watched is a key that someone watches. Its watchers are in two groups.
type watched struct {
	// stored: the key is in its database, due or not.
	stored bool
	// due are those for whom the key was due when they began to watch it, and its entry is still there; live are all others.
	live, due group
	watchers  int
}

// group is the mark of the sessions that began to watch a key since its last change for them. A mark that was set is let go of:
// the sessions that have it need no more news.
type group struct{ mark *session.Mark }

func (g *group) join() *session.Mark {
	if g.mark == nil {
		g.mark = new(session.Mark)
	}
	return g.mark
}

// set tells the whole group.
func (g *group) set() {
	if g.mark != nil {
		g.mark.Set()
		g.mark = nil
	}
}

// New registers the service with the journal, disabled.
func New(j *journal.Journal, lookup Lookup) *Service {
	w := &Service{journal: j, lookup: lookup, seed: maphash.MakeSeed()}
	w.id = j.Register(w)
	return w
}

func (w *Service) stripe(key []byte) *stripe {
	return &w.parts[maphash.Bytes(w.seed, key)&(stripes-1)]
}

// Watch makes a change of key, in the database of tx, mark the session's transaction. Called by the session's owner.
// REQUIRES the shard of key to be locked by tx.
func (w *Service) Watch(tx *keyspace.Txn, s *session.Session, key []byte) {
	if len(s.Multi.Watched) < fewWatched && s.Dirty() {
		return // nothing can change what EXEC will say
	}
	st := w.stripe(key)
	st.mu.Lock()
	defer st.mu.Unlock()
	at := keyOf{tx.DB, string(key)}
	if !s.Watch(session.WatchedKey{DB: at.db, Key: at.key}, func() *session.Mark { return w.join(st, at) }) {
		return
	}
	s.Public.Kept.Add(size(key))
	w.keys.Add(1)
	if len(s.Multi.Watched) == 1 {
		w.count(1)
	}
}

// fewWatched is up to how many watched keys are looked at for whether another one matters.
const fewWatched = 64

// join adds a watcher to a key. REQUIRES: st.mu and the key's shard are locked.
func (w *Service) join(st *stripe, at keyOf) *session.Mark {
	stored, due := w.lookup(at.db, []byte(at.key))
	k := st.keys[at]
	if k == nil {
		k = &watched{stored: stored}
		if st.keys == nil {
			st.keys = make(map[keyOf]*watched)
		}
		st.keys[at] = k
	}
	k.watchers++
	if due {
		return k.due.join()
	}
	return k.live.join()
}

// size is about how much memory a watched key takes: its name here and with the session, and what holds the two.
func size[T string | []byte](key T) int64 { return 2*int64(len(key)) + 160 }

// Unwatch forgets all watched keys of a session and clears the mark. Called by the session's owner, with or without locks.
func (w *Service) Unwatch(s *session.Session) {
	for w.UnwatchSome(s, math.MaxInt) {
	}
}

// UnwatchSome is Unwatch for n keys at most, and reports whether there are more: for a session that went away.
func (w *Service) UnwatchSome(s *session.Session, n int) (more bool) {
	keys := s.Multi.Watched
	if len(keys) == 0 {
		return false
	}
	left := max(0, len(keys)-n)
	for _, k := range keys[left:] {
		w.forget(k)
		s.Public.Kept.Add(-size(k.Key))
	}
	w.keys.Add(int64(left - len(keys)))
	if s.Multi.Watched = keys[:left]; left > 0 {
		return true
	}
	s.Unwatch()
	w.count(-1)
	return false
}

func (w *Service) forget(key session.WatchedKey) {
	st := w.stripe([]byte(key.Key))
	st.mu.Lock()
	defer st.mu.Unlock()
	at := keyOf{key.DB, key.Key}
	k := st.keys[at]
	if k.watchers--; k.watchers == 0 {
		delete(st.keys, at)
	}
}

// count adds to the number of watching sessions and listens to the journal while there are any.
func (w *Service) count(n int64) {
	e := &w.enabling
	e.Lock()
	defer e.Unlock()
	e.sessions += n
	reasons := journal.NoReasons
	if e.sessions > 0 {
		reasons = journal.Mutations
	}
	w.journal.Listen(w.id, reasons)
}

// Counts are the figures of INFO: sessions that watch something, and keys that they watch.
func (w *Service) Counts() (sessions, keys int64) {
	w.enabling.Lock()
	defer w.enabling.Unlock()
	return w.enabling.sessions, w.keys.Load()
}
