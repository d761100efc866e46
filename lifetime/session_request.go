package lifetime

import (
	"context"
	"errors"
	"sync"
)

// Session is the session of one request. It may be used by several goroutines.
type Session[T any] struct {
	sessions *Sessions[T]

	mu struct {
		sync.Mutex           // held during commands: they change one after the other what the request knows
		id         sessionID // of the cookie, or since; its text is "" when there is none
		touched    bool      // the answer depends on it
		loaded     bool      // value and exists are what Redis had
		exists     bool
		value      T
		changed    bool
		destroy    bool
		renew      bool // another id is wanted
		stale      bool // the browser has a cookie that means nothing
	}
}

// offer takes the id that a client sent.
func (s *Session[T]) offer(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := parseSessionID(text)
	if ok {
		s.mu.id = id
	}
	s.mu.stale = !ok
}

// Get returns the value, and whether there is a session. The first call reads it from Redis.
func (s *Session[T]) Get(ctx context.Context) (value T, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.loadLocked(ctx); err != nil {
		return value, false, err
	}
	return s.mu.value, s.mu.exists, nil
}

// loadLocked: REQUIRES s.mu.
func (s *Session[T]) loadLocked(ctx context.Context) error {
	s.mu.touched = true
	if s.mu.loaded || s.mu.changed || s.mu.destroy {
		return nil
	}
	if s.mu.id.text != "" {
		value, err := s.sessions.Get(ctx, s.mu.id.text)
		switch {
		case errors.Is(err, ErrNoSession):
			s.mu.id, s.mu.stale = sessionID{}, true
		case err != nil:
			return err
		default:
			s.mu.value, s.mu.exists = value, true
		}
	}
	s.mu.loaded = true
	return nil
}

// Set changes the value, and begins a session if there is none. It is written when the answer begins.
func (s *Session[T]) Set(value T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.value, s.mu.exists, s.mu.changed, s.mu.touched = value, true, true, true
}

// Regenerate gives the session another id when the answer begins; call it when somebody logs in or gets more rights.
func (s *Session[T]) Regenerate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.renew, s.mu.touched = true, true
}

// Destroy ends the session when the answer begins. A Set after it begins another one.
func (s *Session[T]) Destroy() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none T
	s.mu.value, s.mu.exists, s.mu.changed, s.mu.renew = none, false, false, false
	s.mu.destroy, s.mu.touched = true, true
}

// ID is the session's id, "" when there is none yet. It is a secret like a password.
func (s *Session[T]) ID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.id.text
}

// commit writes what was done to the session, and returns the id that the browser is to have: nil when it has it, one
// without text when it is to have none.
func (s *Session[T]) commit(ctx context.Context) (touched bool, id *sessionID, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	had := s.mu.id.text
	if s.mu.destroy {
		if err := s.sessions.Destroy(ctx, had); err != nil {
			return false, nil, err
		}
		s.mu.stale = s.mu.stale || had != ""
		s.mu.id, s.mu.destroy, s.mu.loaded = sessionID{}, false, true
	}
	if s.mu.renew && s.mu.id.text != "" {
		if err := s.renewLocked(ctx); err != nil {
			return false, nil, err
		}
	}
	if s.mu.changed {
		if err := s.writeLocked(ctx); err != nil {
			return false, nil, err
		}
	}
	s.mu.changed, s.mu.renew = false, false
	switch now := s.mu.id; {
	case now.text != "" && now.text != had:
		s.mu.stale = false
		return true, &now, nil
	case now.text == "" && s.mu.stale && s.mu.touched:
		s.mu.stale = false
		return true, &sessionID{}, nil
	}
	return s.mu.touched, nil, nil
}

// renewLocked: REQUIRES s.mu.
func (s *Session[T]) renewLocked(ctx context.Context) error {
	text, err := s.sessions.Regenerate(ctx, s.mu.id.text)
	if errors.Is(err, ErrNoSession) {
		s.goneLocked()
		return nil
	}
	if err != nil {
		return err
	}
	s.mu.id, _ = parseSessionID(text)
	return nil
}

// goneLocked: the session that the request came with is no more. What was read from it must not begin another one, which
// would undo a logout; what was set without reading does. REQUIRES s.mu.
func (s *Session[T]) goneLocked() {
	s.mu.id, s.mu.stale = sessionID{}, true
	if s.mu.loaded {
		s.mu.changed = false
	}
}

// writeLocked: REQUIRES s.mu.
func (s *Session[T]) writeLocked(ctx context.Context) error {
	if s.mu.id.text != "" {
		err := s.sessions.Save(ctx, s.mu.id.text, s.mu.value)
		if !errors.Is(err, ErrNoSession) {
			return err
		}
		s.goneLocked()
		if !s.mu.changed {
			return nil
		}
	}
	text, err := s.sessions.Create(ctx, s.mu.value)
	if err != nil {
		return err
	}
	s.mu.id, _ = parseSessionID(text)
	return nil
}

var errSessionLate = errors.New("a session was begun or given another id when the answer had begun: no cookie can tell the browser")

// late writes what was done to the session after the answer began, as far as that needs no cookie.
func (s *Session[T]) late(ctx context.Context) error {
	s.mu.Lock()
	needsCookie := s.mu.renew || s.mu.changed && s.mu.id.text == ""
	pending := s.mu.changed || s.mu.destroy
	s.mu.Unlock()
	if needsCookie {
		return errSessionLate
	}
	if !pending {
		return nil
	}
	_, _, err := s.commit(context.WithoutCancel(ctx))
	return err
}
