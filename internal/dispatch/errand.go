package dispatch

import (
	"errors"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp"
)

// errLong tells that a command would take so long that other clients would notice; nothing was changed.
var errLong = errors.New("the command takes long")

// away is the wait for a runner.
var away = &session.Kind{Name: "away"}

const (
	// handOver is the size from which a reply is handed over instead of copied.
	handOver = 64 << 10
	// growStep is by how much a reply grows until the memory in use is told.
	growStep = 1 << 20
)

// errand is a request that takes long. A runner carries it out while the session waits.
type errand struct {
	d    *Dispatcher
	s    *session.Session
	park *session.Park
	spec *command.Spec
	out  resp.Writer
	// closeAfter: the connection is to be closed once the reply is sent.
	closeAfter bool
	counted    int64 // bytes of out that are reported as memory in use
	handed     bool  // out is the transport's
}

// sendAway has a request that takes long carried out by a runner.
func (w *Worker) sendAway(s *session.Session, spec *command.Spec, args [][]byte, start int64) {
	e := &errand{d: w.d, s: s, spec: spec}
	e.out.Proto = s.Out.Proto
	e.park = s.Suspend(&session.Park{Kind: away, Release: e.release})
	w.keep(s, spec, args)
	end := w.d.o.Clock.Mono()
	e.park.Spent += w.measure(end - start)
	w.tick = end
	s.Lend()
	w.d.runs.submit(e)
}

// carryOut runs the request on a runner's worker. All that is left to the session's owner is to write the reply.
func (w *Worker) carryOut(e *errand) {
	s := e.s
	if !s.Take() {
		return
	}
	w.now = w.d.o.Clock.Now()
	w.tick = w.now.Mono
	c := &w.ctx
	c.Gone = e.abandoned
	w.prepare(c, s, e.spec, e.park.Args, &e.out)
	w.waited = e.park
	start := w.tick
	err := w.attempt(c, s)
	if err != nil {
		c.Out.Truncate(0)
		w.replyError(c.Out, err)
	}
	w.account(s, c, e.spec, c.Args, start, err)
	w.waited = nil
	e.closeAfter = c.CloseAfter
	e.report()
	c.Args, c.Session, c.Out, c.Gone = nil, nil, nil, nil
	s.Return(e.park, e.deliver)
}

// apart runs a command that locks for itself. Tracking hears of its keys before it reads them: a change in between is told
// after the reply.
func (w *Worker) apart(c *command.Ctx, s *session.Session) error {
	if s.Tracking != nil && c.Spec.HasKeys() {
		w.tx.LockSet(w.shardSet(c.Spec, c.Args))
		w.remember(c, s)
		w.tx.Unlock()
	}
	return c.Spec.Apart(c)
}

// abandoned implements command.Ctx's Gone. It is where a long command looks up, so the memory of its reply is reported here.
func (e *errand) abandoned() bool {
	if int64(cap(e.out.Buf))-e.counted >= growStep {
		e.report()
		if limit := e.d.o.OutputLimit(e.s); limit > 0 && int64(e.out.Len()) > limit {
			e.s.Kill()
		}
	}
	return e.park.Gone() || e.d.runs.closing.Load()
}

// report keeps the memory of the reply in the memory in use.
func (e *errand) report() {
	n := int64(cap(e.out.Buf))
	e.d.o.Keyspace.AddExternal(n - e.counted)
	e.counted = n
}

// deliver writes the reply. It runs on the session's owner.
func (e *errand) deliver(s *session.Session) {
	if e.closeAfter {
		s.CloseAfter = true
	}
	if e.out.Len() < handOver {
		s.Out.Append(&e.out)
		return
	}
	e.handed = true
	s.Out.Adopt(&e.out, e.forget)
}

// release lets go of a reply that was not handed over.
func (e *errand) release() {
	if !e.handed {
		e.out.Reset()
		e.forget()
	}
}

// forget takes the reply out of the memory in use.
func (e *errand) forget() { e.d.o.Keyspace.AddExternal(-e.counted) }
