package session

import "github.com/curfewkv/curfew/resp"

// Push appends an out-of-band message, written by fn in the session's protocol, for the transport to send after what the
// session has already replied. Safe for concurrent use and under shard locks: it never blocks on I/O. The lock of the
// mailbox is a leaf. limit bounds the bytes that wait unsent, replies included; over it the session is killed and the
// message dropped, so a slow reader costs bounded memory. 0 is no limit.
func (s *Session) Push(limit int64, fn func(w *resp.Writer)) {
	if s.killed.Load() {
		return
	}
	s.mail.Lock()
	if limit > 0 && int64(len(s.mail.buf))+s.Public.OutBytes.Load() > limit {
		s.mail.buf = nil
		s.mail.Unlock()
		s.Kill()
		return
	}
	w := resp.Writer{Buf: s.mail.buf, Proto: int(s.Public.Proto.Load())}
	fn(&w)
	s.mail.buf = w.Buf
	wake := !s.mail.queued
	s.mail.queued = true
	s.hasMail.Store(true)
	s.mail.Unlock()
	if wake {
		s.transport.Wake(s)
	}
}

// HasMail reports whether messages wait. Cheap; safe for concurrent use.
func (s *Session) HasMail() bool { return s.hasMail.Load() }

// MailBytes is the size of the waiting messages.
func (s *Session) MailBytes() int {
	s.mail.Lock()
	defer s.mail.Unlock()
	return len(s.mail.buf)
}

// Collect moves the waiting messages to the end of the replies. Called by the owner.
func (s *Session) Collect() {
	s.mail.Lock()
	s.Out.Buf = append(s.Out.Buf, s.mail.buf...)
	s.mail.buf = s.mail.buf[:0]
	if cap(s.mail.buf) > 16<<10 {
		s.mail.buf = nil
	}
	s.mail.queued = false
	s.hasMail.Store(false)
	s.mail.Unlock()
}
