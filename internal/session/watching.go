package session

import "sync/atomic"

// Mark tells the sessions that watch a key that it has changed. All that began to watch since the key's last change share
// one, so that a change costs the same however many they are. Safe for concurrent use.
type Mark struct{ changed atomic.Bool }

// Set says that the key has changed, for good.
func (m *Mark) Set() { m.changed.Store(true) }

// WatchedKey is a key under WATCH.
type WatchedKey struct {
	DB  int
	Key string
}

// marks is the list of a session's marks, the latest first. It only grows, so anyone may read it.
type marks struct {
	mark *Mark
	next *marks
}

// manyWatched is the number of watched keys from which they are looked up by a map; below, the list is smaller and no slower.
const manyWatched = 16

// Watch adds a key to those that the session watches, unless it is one already, with the mark that mark returns. Called by the owner.
func (s *Session) Watch(key WatchedKey, mark func() *Mark) (added bool) {
	m := &s.Multi
	if m.watches(key) {
		return false
	}
	m.Watched = append(m.Watched, key)
	switch {
	case m.watchedAt != nil:
		m.watchedAt[key] = struct{}{}
	case len(m.Watched) == manyWatched:
		m.watchedAt = make(map[WatchedKey]struct{}, 2*manyWatched)
		for _, k := range m.Watched {
			m.watchedAt[k] = struct{}{}
		}
	}
	s.Public.Watching.Store(int32(len(m.Watched)))
	s.marks.Store(&marks{mark(), s.marks.Load()})
	return true
}

func (m *Multi) watches(key WatchedKey) bool {
	if m.watchedAt != nil {
		_, there := m.watchedAt[key]
		return there
	}
	for i := range m.Watched {
		if m.Watched[i] == key {
			return true
		}
	}
	return false
}

// Unwatch forgets all watched keys, and that any has changed. Called by the owner.
func (s *Session) Unwatch() {
	s.Multi.Watched, s.Multi.watchedAt = nil, nil
	s.Public.Watching.Store(0)
	s.marks.Store(nil)
}

// Dirty reports whether a watched key has changed: EXEC will run nothing. It looks at every watched key. Safe for concurrent use.
func (s *Session) Dirty() bool {
	for m := s.marks.Load(); m != nil; m = m.next {
		if m.mark.changed.Load() {
			return true
		}
	}
	return false
}
