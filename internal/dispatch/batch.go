package dispatch

import (
	"unsafe"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
)

// lookahead is how many pipelined requests are parsed ahead of the one that runs, so that the memory that their keys are
// in can be asked for at once. A handful hides most of the wait; more would push each other out of the first cache.
const lookahead = 16

// request is a parsed request.
type request struct {
	args   [][]byte
	spec   *command.Spec
	err    error // of looking the command up
	used   int   // bytes in the buffer
	hash   uint64
	hashed bool
}

// parse fills the batch from the start of buf. An inline request is taken alone, for parsing it changes the buffer. The
// error is that of the request behind the batch.
func (w *Worker) parse(s *session.Session, buf []byte) error {
	w.lim.MaxBulk = w.d.o.MaxBulk()
	w.lim.Unauthenticated = !s.Authenticated && w.d.o.Password() != ""
	w.batch = w.batch[:0]
	if w.wanted > cap(w.flat) {
		w.flat = make([][]byte, 0, w.wanted)
	}
	w.wanted = 0
	free := w.flat[:0]
	for pos := 0; pos < len(buf) && len(w.batch) < lookahead; {
		inline := buf[pos] != '*'
		if inline && pos > 0 {
			break
		}
		args, used, err := s.Parser.Next(buf[pos:], free, &w.lim)
		if err != nil || used == 0 {
			return err
		}
		pos += used
		w.wanted += len(args)
		if len(args) <= cap(free) { // else the parser took memory of its own
			free = free[len(args):len(args):cap(free)]
		}
		w.batch = append(w.batch, request{args: args, used: used})
		if len(args) > keptArgs {
			w.noteList(args)
		}
		if inline || w.lim.Unauthenticated {
			break // what comes next may have other limits
		}
	}
	return nil
}

// noteList reports the list of a huge request as memory in use, until Process ends: it takes several times the bytes of the
// request where its arguments are short.
func (w *Worker) noteList(args [][]byte) {
	n := int64(cap(args)) * int64(unsafe.Sizeof(args[0]))
	w.lists += n
	w.d.o.Keyspace.AddExternal(n)
}

// runBatch runs the requests of the batch and returns the bytes of those that were run. It stops where the session does,
// or when the replies are to be written; the rest is parsed again, and whatever the parser found behind it.
func (w *Worker) runBatch(s *session.Session) (n int, all bool) {
	defer w.measureRest()
	for i := range w.batch {
		r := &w.batch[i]
		if len(r.args) > 0 {
			r.spec, r.err = w.resolve(r.args)
		}
	}
	if len(w.batch) > 1 {
		w.prefetch(s.DB)
	}
	for i := range w.batch {
		r := &w.batch[i]
		if len(r.args) > 0 {
			if r.spec == nil && crossProtocol(r.args) {
				w.abort(s)
				return n + r.used, false
			}
			w.hash, w.hashed = r.hash, r.hashed
			w.follows = i+1 < len(w.batch) && r.brief() && w.batch[i+1].brief()
			w.admit(s, r.spec, r.args, r.err)
			w.hashed, w.follows = false, false
		}
		n += r.used
		if i+1 < len(w.batch) && (w.stopped(s) || s.Out.Len() >= w.flush) {
			s.Parser.Reset() // it is ahead of what was run
			return n, false
		}
	}
	return n, true
}

// prefetch asks for the memory that the batch will touch, as far as commands of one key tell.
func (w *Worker) prefetch(db int) {
	k := w.d.o.Keyspace
	for i := range w.batch {
		r := &w.batch[i]
		if r.err != nil || r.spec == nil {
			continue
		}
		if at := r.spec.SingleKey(); at > 0 && at < len(r.args) {
			r.hash, r.hashed = k.Hash(r.args[at]), true
			k.Prefetch(db, r.hash)
		}
	}
	for i := range w.batch {
		if r := &w.batch[i]; r.hashed {
			k.PrefetchEntry(db, r.hash)
		}
	}
}
