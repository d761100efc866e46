package dispatch

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
)

// account measures the command and moves the worker's instant on, so that one clock read serves as the end of this
// command and the beginning of the next. The instant stands still for what a command calls: a block sees one.
func (w *Worker) account(s *session.Session, c *command.Ctx, spec *command.Spec, args [][]byte, start int64, err error) {
	w.ran++
	if s.Public.LastCmd.Load() != &spec.Full { // a store would cost more than all that leads to it
		s.Public.LastCmd.Store(&spec.Full)
	}
	if w.deferred(s, c, spec, err) {
		return
	}
	end := w.d.o.Clock.Mono()
	dur, wall := end-start, w.now.Wall
	w.tick = end
	if !c.Nested() {
		dur = w.measure(dur)
		w.now.Wall += end - w.now.Mono
		w.now.Mono = end
	}
	shown := false
	if p := w.waited; p != nil && !c.Nested() {
		dur, shown = dur+p.Spent, p.Shown
	}
	if !shown {
		w.show(s, spec, args, wall)
	}
	w.count(s, spec, args, dur, wall, err)
}

// count notes a command that has ended, once, with all the time that it took.
func (w *Worker) count(s *session.Session, spec *command.Spec, args [][]byte, dur, wall int64, err error) {
	w.stats[spec.ID].add(dur, 1, err != nil, w.d.o.LatencyTracking())
	if slow := w.d.o.Observe.SlowNs(); slow >= 0 && dur >= slow {
		w.d.o.Observe.After(s, spec, args, dur, wall)
	}
}

// show shows a command that began at a wall clock time in ns to MONITOR, if someone watches.
func (w *Worker) show(s *session.Session, spec *command.Spec, args [][]byte, wall int64) {
	if w.d.o.Observe.Watching() && spec.Flags&(command.SkipMonitor|command.Admin) == 0 {
		w.d.o.Observe.Show(s, args, wall)
	}
}

// beginReply notes where the reply starts and applies CLIENT REPLY.
func (w *Worker) beginReply(s *session.Session) int {
	if s.Reply == session.ReplySkipNext {
		s.Reply = session.ReplySkip
	}
	return s.Out.Mark()
}

// endReply drops the reply where CLIENT REPLY says so.
func (w *Worker) endReply(s *session.Session, mark int) {
	switch s.Reply {
	case session.ReplyOff:
		s.Out.Truncate(mark)
	case session.ReplySkip:
		s.Out.Truncate(mark)
		s.Reply = session.ReplyOn
	}
}
