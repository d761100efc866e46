package lifetime

import (
	"context"
	"net/http"
	"time"
)

// SessionCookie says how a session's id travels. The zero value is the safe one.
type SessionCookie struct {
	Name     string        // "" is "session". A name that begins with __Host- makes browsers hold the rest to its promise
	Path     string        // "" is "/"
	Domain   string        // "" is the host alone, without its subdomains
	SameSite http.SameSite // 0 is Lax
	Insecure bool          // also over plain HTTP: for development
	// OnError answers when a session cannot be read or written; nil: status 500 and nothing about the reason. It is
	// also told, with a nil writer, of what fails when the answer has begun.
	OnError func(http.ResponseWriter, *http.Request, error)
}

// Handler gives requests their session, which next finds with From. The session is read when next asks for it, and written
// before the first byte of the answer, if it was changed. A request that does not touch its session costs nothing.
//
// The cookie is HttpOnly, and is sent when the session begins, gets another id, or ends; it lasts as long as the session can
// at most, and the server alone knows how long it will. Answers that depend on a session say Vary: Cookie, and those that
// set the cookie say Cache-Control: no-store, unless next has said something else.
//
// Requests of one session may run at the same time: each writes the whole value it has changed, the last one stays, and none
// brings a destroyed session back. Update changes a value without losing another's change.
func (s *Sessions[T]) Handler(next http.Handler, cookie SessionCookie) http.Handler {
	if cookie.Name == "" {
		cookie.Name = "session"
	}
	if cookie.Path == "" {
		cookie.Path = "/"
	}
	if cookie.SameSite == 0 {
		cookie.SameSite = http.SameSiteLaxMode
	}
	if cookie.OnError == nil {
		cookie.OnError = func(w http.ResponseWriter, _ *http.Request, _ error) {
			if w != nil {
				http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			}
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session := &Session[T]{sessions: s}
		if c, err := r.Cookie(cookie.Name); err == nil {
			session.offer(c.Value)
		}
		r = r.WithContext(context.WithValue(r.Context(), sessionContext[T]{s}, session))
		answer := &sessionAnswer{ResponseWriter: w}
		answer.first = func() error { return session.begin(r.Context(), w.Header(), cookie) }
		answer.failed = func(err error) { cookie.OnError(w, r, err) }
		next.ServeHTTP(answer, r)
		if answer.ready() == nil {
			if err := session.late(r.Context()); err != nil {
				cookie.OnError(nil, r, err)
			}
		}
	})
}

type sessionContext[T any] struct{ *Sessions[T] }

// From returns the session of a request that came through Handler; nil for any other.
func (s *Sessions[T]) From(ctx context.Context) *Session[T] {
	session, _ := ctx.Value(sessionContext[T]{s}).(*Session[T])
	return session
}

// begin writes what next has done to the session until the answer begins, and adds the headers that say so.
func (s *Session[T]) begin(ctx context.Context, header http.Header, cookie SessionCookie) error {
	touched, id, err := s.commit(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	if touched {
		header.Add("Vary", "Cookie")
	}
	if id == nil {
		return nil
	}
	c := &http.Cookie{
		Name: cookie.Name, Value: id.text, Path: cookie.Path, Domain: cookie.Domain,
		HttpOnly: true, Secure: !cookie.Insecure, SameSite: cookie.SameSite, MaxAge: -1,
	}
	if id.text != "" {
		// By this host's clock: what is a few seconds off is the browser's, and harms nothing.
		c.MaxAge = max(1, int(time.Until(id.end).Seconds()))
	}
	if text := c.String(); text != "" {
		header.Add("Set-Cookie", text)
	}
	if header.Get("Cache-Control") == "" {
		header.Set("Cache-Control", "no-store")
	}
	return nil
}
