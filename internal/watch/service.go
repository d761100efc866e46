package watch

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/session"
)

// stripes is the number of locks; a power of two.
const stripes = 64

// Service knows who watches what. Safe for concurrent use; its locks are leaves.
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

// watched is a key that someone watches.
type watched struct {
	// stored: the key is in its database, due or not.
	stored   bool
	watchers []watcher
}

type watcher struct {
	s *session.Session
	// due: the key was due when this session began to watch it, and its entry is still there.
	due bool
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
	if s.Multi.Dirty.Load() {
		return // nothing can change what EXEC will say
	}
	if len(s.Multi.Watched) == 0 {
		w.count(1)
	}
	st := w.stripe(key)
	st.mu.Lock()
	defer st.mu.Unlock()
	k := st.keys[keyOf{tx.DB, string(key)}]
	if k != nil && k.find(s) >= 0 {
		return
	}
	stored, due := w.lookup(tx.DB, key)
	if k == nil {
		k = &watched{stored: stored}
		if st.keys == nil {
			st.keys = make(map[keyOf]*watched)
		}
		st.keys[keyOf{tx.DB, string(key)}] = k
	}
	k.watchers = append(k.watchers, watcher{s, due})
	s.Multi.Watched = append(s.Multi.Watched, session.WatchedKey{DB: tx.DB, Key: string(key)})
	s.Public.Kept.Add(size(key))
	s.Public.Watching.Store(int32(len(s.Multi.Watched)))
	w.keys.Add(1)
}

// size is about how much memory a watched key takes: its name here and with the session, and what holds the two.
func size[T string | []byte](key T) int64 { return 2*int64(len(key)) + 160 }

// Unwatch forgets all watched keys of a session and clears the mark. Called by the session's owner, with or without locks.
func (w *Service) Unwatch(s *session.Session) {
	if len(s.Multi.Watched) > 0 {
		for _, k := range s.Multi.Watched {
			w.forget(s, k)
			s.Public.Kept.Add(-size(k.Key))
		}
		w.keys.Add(-int64(len(s.Multi.Watched)))
		s.Multi.Watched = nil
		s.Public.Watching.Store(0)
		w.count(-1)
	}
	s.Multi.Dirty.Store(false)
	s.SetFlag(session.FlagDirty, false)
}

func (w *Service) forget(s *session.Session, key session.WatchedKey) {
	st := w.stripe([]byte(key.Key))
	st.mu.Lock()
	defer st.mu.Unlock()
	at := keyOf{key.DB, key.Key}
	k := st.keys[at]
	i := k.find(s)
	last := len(k.watchers) - 1
	k.watchers[i] = k.watchers[last]
	k.watchers[last] = watcher{}
	k.watchers = k.watchers[:last]
	if last == 0 {
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

func (k *watched) find(s *session.Session) int {
	for i := range k.watchers {
		if k.watchers[i].s == s {
			return i
		}
	}
	return -1
}
