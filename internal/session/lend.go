package session

// A session whose request another goroutine runs is lent to that one. Meanwhile its owner goes on with what belongs to the
// transport (kill, output that waits, input that is kept) and with its waits; all else that belongs to the owner is the borrower's.
// Messages from others stay in the mailbox until the reply is written.
const (
	home     uint32 = iota
	lent            // handed over; the borrower has not begun
	taken           // the borrower runs the request
	departed        // the client went away meanwhile: the borrower does what is left to do
)

// Lend hands the session, which waits, to another goroutine. Called by the owner.
func (s *Session) Lend() {
	s.lent = true
	s.away.Store(lent)
}

// Take is called by the borrower before it begins; false: the client went away, and the session is not lent any more.
func (s *Session) Take() bool { return s.away.CompareAndSwap(lent, taken) }

// Return is called by the borrower, which had the session in p, when the reply is there: reply writes it, on the owner, unless
// the client went away.
func (s *Session) Return(p *Park, reply func(s *Session)) {
	if !s.away.CompareAndSwap(taken, home) {
		s.last()
		return
	}
	p.Answer(reply) // last: an owner that sees the reply may lend the session once more
}

// Close ends the connection: last lets go of all that the server keeps for the session. It is called at once or, when another
// goroutine runs the session's request, by that one as soon as it is done. Called by the owner, which does nothing with the
// session afterwards.
func (s *Session) Close(last func()) {
	if s.Park != nil {
		s.Park.finish(Left) // tells the borrower
	}
	s.last = last
	for !s.away.CompareAndSwap(lent, home) {
		if s.away.CompareAndSwap(taken, departed) {
			return
		}
		if s.away.Load() == home {
			break
		}
	}
	last()
}

// Busy reports whether the session's request has begun and its reply is still to come, by no wish of the client. Such a
// session is not blocked, and the end of its input does not end it. Called by the owner.
func (s *Session) Busy() bool { return s.Park != nil && !s.Park.Kind.Counted }
