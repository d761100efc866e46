package session

import "github.com/curfewkv/curfew/resp"

// Push appends an out-of-band message, written by fn in the session's protocol, for the transport to send after what the
// session has already replied. Safe for concurrent use and under shard locks: it never blocks on I/O. The lock of the
// mailbox is a leaf. limit bounds the bytes that wait unsent, replies included; over it the session is killed and the
// message dropped, so a slow reader costs bounded memory. 0 is no limit.
func (s *Session) Push(limit int64, fn func(w *resp.Writer)) {
	w := s.openMail(limit)
	if w == nil {
		return
	}
	fn(w)
	s.closeMail()
}

// PushFrame is Push for a message that was encoded once for many sessions, as a RESP3 push. A RESP2 session gets the same
// bytes with the type of an array, which is how RESP2 sends what RESP3 pushes. It does not allocate but to grow the mailbox.
func (s *Session) PushFrame(limit int64, frame []byte) {
	w := s.openMail(limit)
	if w == nil {
		return
	}
	at := len(w.Buf)
	w.Buf = append(w.Buf, frame...)
	if w.Proto < 3 {
		w.Buf[at] = '*'
	}
	s.closeMail()
}

// openMail locks the mailbox for one message; nil when the message is not to be delivered.
func (s *Session) openMail(limit int64) *resp.Writer {
	s.mail.Lock()
	if s.killed.Load() || s.departed.Load() { // under the lock, so that nothing comes after Drop
		s.mail.Unlock()
		return nil
	}
	w := &s.mail.w
	if limit > 0 && int64(w.Len())+s.Public.OutBytes.Load() > limit {
		w.Truncate(0) // what is shared goes with the session: there may be a lock that its release needs
		w.Buf = nil
		s.mail.Unlock()
		s.overflowed.Store(true)
		s.Kill()
		return nil
	}
	w.Proto = int(s.Public.Proto.Load())
	return w
}

// closeMail ends the message and wakes the owner if it does not know of mail yet.
func (s *Session) closeMail() {
	wake := !s.mail.queued
	s.mail.queued = true
	s.hasMail.Store(true)
	s.mail.Unlock()
	if wake {
		s.transport.Wake(s)
	}
}

// HasMail reports whether messages wait that may be collected. Cheap. Called by the owner.
func (s *Session) HasMail() bool { return s.hasMail.Load() && !s.lent }

// MailBytes is the size of the waiting messages.
func (s *Session) MailBytes() int {
	s.mail.Lock()
	defer s.mail.Unlock()
	return s.mail.w.Len()
}

// Collect moves the waiting messages to the end of the replies. Called by the owner.
func (s *Session) Collect() {
	s.mail.Lock()
	w := &s.mail.w
	s.Out.Append(w)
	if cap(w.Buf) > 16<<10 {
		w.Buf = nil
	}
	s.mail.queued = false
	s.hasMail.Store(false)
	s.mail.Unlock()
}

// Drop lets go of all that was written for a session that has ended, and refuses what comes after. Called by the owner,
// without locks.
func (s *Session) Drop() {
	s.killed.Store(true)
	s.mail.Lock()
	s.mail.w.Reset()
	s.mail.w.Buf = nil
	s.hasMail.Store(false)
	s.mail.Unlock()
	s.Out.Reset()
	s.Out.Buf = nil
}
