package session

import (
	"sort"
	"sync"
	"sync/atomic"
)

// Registry knows every session of the server. Safe for concurrent use.
type Registry struct {
	mu       sync.RWMutex
	sessions map[uint64]*Session
	next     atomic.Uint64
}

// NewRegistry makes an empty registry.
func NewRegistry() *Registry { return &Registry{sessions: make(map[uint64]*Session)} }

// NextID is a new session id; they start at 1 and never repeat.
func (r *Registry) NextID() uint64 { return r.next.Add(1) }

// Add registers a session.
func (r *Registry) Add(s *Session) {
	r.mu.Lock()
	r.sessions[s.ID] = s
	r.mu.Unlock()
}

// Remove forgets a session.
func (r *Registry) Remove(s *Session) {
	r.mu.Lock()
	delete(r.sessions, s.ID)
	r.mu.Unlock()
}

// Get finds a session by id.
func (r *Registry) Get(id uint64) (*Session, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	s, ok := r.sessions[id]
	return s, ok
}

// Len is the number of sessions.
func (r *Registry) Len() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.sessions)
}

// Each hands every session to fn, in no order. fn must not block, nor call the registry.
func (r *Registry) Each(fn func(*Session)) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, s := range r.sessions {
		fn(s)
	}
}

// All returns the sessions in the order of their ids.
func (r *Registry) All() []*Session {
	r.mu.RLock()
	out := make([]*Session, 0, len(r.sessions))
	for _, s := range r.sessions {
		out = append(out, s)
	}
	r.mu.RUnlock()
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}
