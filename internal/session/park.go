package session

import "sync/atomic"

// Kind is a sort of wait. There is one value for each, compared by address.
type Kind struct {
	// Name is for people who look into a server.
	Name string
	// Counted: the client is shown as blocked, by CLIENT LIST and in blocked_clients. Without it the server has the client
	// wait for reasons of its own, see Session.Busy.
	Counted bool
	// Unblockable: CLIENT UNBLOCK may end the wait.
	Unblockable bool
}

// End is how a wait ended. The first end wins; all others change nothing.
type End uint32

// The ends of a wait.
const (
	Waiting            End = iota // it has not ended
	Woken                         // the request is to be run again, through the gates
	Answered                      // another goroutine has the reply
	TimedOut                      // Until has come
	Unblocked                     // CLIENT UNBLOCK: as if the time had run out
	UnblockedWithError            // CLIENT UNBLOCK ERROR
	Left                          // the client went away
)

// Park is a request that waits: its session takes no other one meanwhile, and its event loop serves others. Whatever ends
// the wait says so from any goroutine (Wake, Answer, Session.Unblock, a timeout), which wakes the transport; the worker of
// the session then runs the request again or replies.
//
// The exported fields are set before Suspend and belong to the session's owner from then on.
type Park struct {
	Kind *Kind
	// Until is the monotonic instant in ns at which the wait ends; 0: it has no limit. It needs Expired.
	Until int64
	// Expired writes the reply of a wait that ended for want of news. It runs on the owner; nil without a limit, and where
	// CLIENT UNBLOCK cannot end the wait.
	Expired func(s *Session)
	// Release is called once, by the owner, when the wait is over, however it ended; may be nil.
	Release func()

	// Args are the request, a copy. Set by the dispatcher.
	Args [][]byte
	// Spent is what running the request has taken so far, in ns, and Shown that MONITOR has seen it: a command is counted
	// and shown once, however often it is run.
	Spent int64
	Shown bool

	s      *Session
	end    atomic.Uint32
	answer func(s *Session) // written before the end is Answered
	places []*place         // in the queues that it waits in
	timer  timer
}

// finish ends the wait unless it has ended, and reports whether this call did.
func (p *Park) finish(e End) bool { return p.end.CompareAndSwap(uint32(Waiting), uint32(e)) }

// Wake makes the owner run the request again. Safe for concurrent use, under any lock.
func (p *Park) Wake() {
	if p.finish(Woken) {
		p.s.Wake()
	}
}

// Answer hands over the reply, which fn writes on the owner; false: the wait has ended otherwise and fn is not called. At
// most one goroutine answers a park. Safe under any lock.
func (p *Park) Answer(fn func(s *Session)) bool {
	p.answer = fn
	if !p.finish(Answered) {
		return false
	}
	p.s.Wake()
	return true
}

// Gone reports whether the client went away. Safe for concurrent use.
func (p *Park) Gone() bool { return End(p.end.Load()) == Left }

// End is how the wait ended by the monotonic instant in ns, Waiting if it has not. Called by the owner.
func (p *Park) End(nowMono int64) End {
	if p.Until != 0 && nowMono >= p.Until {
		p.finish(TimedOut)
	}
	return End(p.end.Load())
}

// WriteAnswer writes the reply that was handed over. Called by the owner when the end is Answered.
func (p *Park) WriteAnswer() { p.answer(p.s) }

// Suspend makes the session wait once its command, or the gate, has returned, and returns the park that it waits on: p, or,
// for a request that was woken and has to wait for the same sort of thing again, the one that it waited on before. That one
// keeps its places in queues and its limit of time. Called by the owner; where a wake-up follows from what the locks of a
// shard guard, under these locks, so that none is missed.
func (s *Session) Suspend(p *Park) *Park {
	if again := s.resuming; again != nil {
		if again.Kind == p.Kind {
			s.Park = again
			again.rearm()
			return again
		}
		p.Args, p.Spent, p.Shown = again.Args, again.Spent, again.Shown
	}
	p.s = s
	s.Park = p
	s.parked.Store(p)
	s.SetFlag(FlagBlocked, p.Kind.Counted)
	return p
}

// rearm makes a woken park wait again. What was signalled to its queues since it was woken is not lost.
func (p *Park) rearm() {
	for _, pl := range p.places {
		pl.q.used(pl)
	}
	p.end.Store(uint32(Waiting))
	p.s.SetFlag(FlagBlocked, p.Kind.Counted)
	for _, pl := range p.places {
		pl.q.settle()
	}
}

// Resume takes the session out of a wait that has ended, for its request to be run again or answered; Settle follows.
// Called by the owner.
func (s *Session) Resume() {
	s.resuming, s.Park, s.lent = s.Park, nil, false
	s.SetFlag(FlagBlocked, false)
}

// Settle ends what Resume began: unless the session waits on the same park again, that one gives up its places. Called by
// the owner.
func (s *Session) Settle() {
	p := s.resuming
	s.resuming = nil
	if p == s.Park {
		return
	}
	p.over(End(p.end.Load()) == Woken)
	if s.Park == nil {
		s.parked.Store(nil)
	}
}

// Leave ends the wait of a session that goes away. Called by the owner.
func (s *Session) Leave() {
	p := s.Park
	if p == nil {
		return
	}
	p.finish(Left)
	s.Park = nil
	s.parked.Store(nil)
	s.SetFlag(FlagBlocked, false)
	p.over(false)
}

// over gives up all that the wait held. ran: the request was run for the wake-up that it got, which is used up; otherwise
// the next in line gets it.
func (p *Park) over(ran bool) {
	p.timer.stop(p)
	for _, pl := range p.places {
		pl.q.remove(pl, ran)
	}
	p.places = nil
	if p.Release != nil {
		p.Release()
	}
}

// Unblock ends the session's wait (CLIENT UNBLOCK) if it is one that may be ended so, and reports whether it did. Safe for
// concurrent use.
func (s *Session) Unblock(withError bool) bool {
	p := s.parked.Load()
	if p == nil || !p.Kind.Unblockable {
		return false
	}
	e := Unblocked
	if withError {
		e = UnblockedWithError
	}
	if !p.finish(e) {
		return false
	}
	s.Wake()
	return true
}

// PendingBytes is the memory of requests that were taken from the client and are still to be run: those of a transaction, and
// one that waits. Called by the owner.
func (s *Session) PendingBytes() int64 {
	n := s.Public.MultiBytes.Load()
	if s.Park != nil {
		n += SizeOf(s.Park.Args)
	}
	return n
}
