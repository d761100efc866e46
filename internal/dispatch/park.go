package dispatch

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
)

const errUnblocked command.Error = "UNBLOCKED client unblocked via CLIENT UNBLOCK"

// keep copies the request of a session that has to wait into its park. Nothing that the client sends is run before it.
// CLIENT LIST tells what waits.
func (w *Worker) keep(s *session.Session, spec *command.Spec, args [][]byte) {
	s.Public.LastCmd.Store(&spec.Full)
	if p := s.Park; p.Args == nil {
		p.Args = cloneArgs(args)
	}
	w.waits.Add(s.Park)
}

// parked keeps the request of a command that was run and has to wait. It is counted when the wait is over, and shown to
// MONITOR when it begins.
func (w *Worker) parked(s *session.Session, spec *command.Spec, args [][]byte, start int64) {
	p := s.Park
	w.keep(s, spec, args)
	end, wall := w.d.o.Clock.Mono(), w.now.Wall
	p.Spent += w.measure(end - start)
	w.tick = end
	w.now.Wall += end - w.now.Mono
	w.now.Mono = end
	if !p.Shown {
		p.Shown = true
		w.show(s, spec, args, wall)
	}
}

// resume goes on with a session whose request waited: the request is run again, or its reply written; false: the wait is
// not over.
func (w *Worker) resume(s *session.Session) bool {
	p := s.Park
	end := p.End(w.now.Mono)
	if end == session.Waiting {
		return false
	}
	s.Resume()
	if end == session.Woken {
		w.waited = p
		w.execute(s, p.Args)
		w.waited = nil
	} else {
		w.conclude(s, p, end)
	}
	s.Settle()
	return true
}

// conclude replies for a request that is not run again.
func (w *Worker) conclude(s *session.Session, p *session.Park, end session.End) {
	spec, _ := w.d.o.Table.Resolve(p.Args)
	mark := w.beginReply(s)
	var err error
	switch end {
	case session.Answered: // counted where it ran
		p.WriteAnswer()
		w.done(s, mark)
		return
	case session.UnblockedWithError:
		err = errUnblocked
		w.replyError(&s.Out, err)
	default:
		p.Expired(s)
	}
	w.count(s, spec, p.Args, p.Spent, w.now.Wall-p.Spent, err)
	w.done(s, mark)
}

// NextTimeout is the monotonic instant in ns at which Timeouts has something to do, 0 for never.
func (w *Worker) NextTimeout() int64 {
	next, pause := w.waits.Next(), w.d.o.Pause.Until()
	if next == 0 || pause != 0 && pause < next {
		return pause
	}
	return next
}

// Timeouts ends the waits whose time has run out by the monotonic instant in ns, and hands their sessions to fn, which has
// them processed.
func (w *Worker) Timeouts(nowMono int64, fn func(s *session.Session)) {
	w.d.o.Pause.EndIfOver(nowMono)
	for s := w.waits.Expire(nowMono); s != nil; s = w.waits.Expire(nowMono) {
		fn(s)
	}
}

// InTimeoutTable is the number of sessions that wait with a limit of time. Safe for concurrent use.
func (d *Dispatcher) InTimeoutTable() int64 {
	n := int64(0)
	for _, w := range d.workers {
		n += w.waits.Len()
	}
	return n
}
