package dispatch

import (
	"errors"
	"math/bits"
	"strings"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp"
)

// flushAt is how many reply bytes gather before Process hands them to the transport although requests remain. What a
// client that does not read has left there before does not count: its requests would never be run.
const flushAt = 256 << 10

// Process runs the complete requests at the start of buf and returns the bytes consumed. more: requests may remain, but
// the replies are to be written first. A session whose request waits goes on when the wait is over: 0, false while it is
// not. Process stops early when a request has to wait or the session is to be closed.
//
// The caller keeps the unconsumed rest at the start of the next buf.
func (w *Worker) Process(s *session.Session, buf []byte) (n int, more bool) {
	n, more = w.process(s, buf)
	w.settle(len(buf))
	return n, more
}

func (w *Worker) process(s *session.Session, buf []byte) (n int, more bool) {
	w.now = w.d.o.Clock.Now()
	w.tick = w.now.Mono
	w.begin, w.flush = s.Out.Mark(), s.Out.Len()+flushAt
	w.d.o.Pause.EndIfOver(w.now.Mono)
	if s.Park != nil && !w.resume(s) {
		return 0, false
	}
	s.Public.LastActive.Store(w.now.Mono)
	for n < len(buf) && !w.stopped(s) {
		if s.Out.Len() >= w.flush {
			return n, true
		}
		err := w.parse(s, buf[n:])
		if len(w.batch) == 0 && err == nil {
			break
		}
		used, all := w.runBatch(s)
		n += used
		if err != nil && all && !w.stopped(s) {
			w.protocolError(s, err)
			return len(buf), false
		}
	}
	return n, false
}

// stopped reports whether the session takes no more requests for now.
func (w *Worker) stopped(s *session.Session) bool {
	return s.CloseAfter || s.Park != nil
}

const (
	// keptArgs is the length of an argument list that a worker keeps for the next requests.
	keptArgs = 1024
	// keptInput is the size of a buffer that a worker may go on referring to when its requests are done.
	keptInput = 64 << 10
)

// settle lets go of what a huge request, in n bytes of requests, left behind: its argument list, and the references of the
// lists to its bytes.
func (w *Worker) settle(n int) {
	if w.lists > 0 {
		w.d.o.Keyspace.AddExternal(-w.lists)
		w.lists = 0
	}
	if cap(w.flat) > keptArgs {
		w.flat = nil
	}
	if n > keptInput {
		clear(w.flat[:cap(w.flat)])
		clear(w.batch[:cap(w.batch)])
		clear(w.keys[:cap(w.keys)])
		w.ctx.Args = nil
	}
}

func (w *Worker) protocolError(s *session.Session, err error) {
	w.d.Errors.Count("ERR")
	s.Out.Error("ERR Protocol error: " + err.Error())
	s.CloseAfter = true
}

// execute takes one request through the gates and runs it.
func (w *Worker) execute(s *session.Session, args [][]byte) {
	spec, err := w.resolve(args)
	w.admit(s, spec, args, err)
}

// admit takes a request whose command was looked up through the gates and runs it. One that a gate holds back waits.
func (w *Worker) admit(s *session.Session, spec *command.Spec, args [][]byte, err error) {
	if err == nil {
		err = w.pass(s, command.Client, spec, args)
	}
	switch {
	case err == errParked:
		w.keep(s, spec, args)
	case err != nil:
		w.reject(s, spec, err)
	case s.Multi.Open && !spec.Has(command.NoQueue):
		w.enqueue(s, spec, args)
	default:
		w.call(s, spec, args)
	}
}

// resolve finds the command and checks the number of its arguments.
func (w *Worker) resolve(args [][]byte) (*command.Spec, error) {
	spec, ok := w.d.o.Table.Resolve(args)
	if spec == nil {
		return nil, unknownCommand(args)
	}
	if !ok {
		if len(args) < 2 {
			return spec, command.ErrWrongArgs(spec.Full)
		}
		return spec, command.ErrUnknownSubcommand(args[1], upper(spec.Name))
	}
	if !spec.ArityOK(len(args)) {
		return spec, command.ErrWrongArgs(spec.Full)
	}
	return spec, nil
}

// reject replies the error of a gate. An EXEC that is refused ends its transaction.
func (w *Worker) reject(s *session.Session, spec *command.Spec, err error) {
	if spec != nil {
		w.stats[spec.ID].rejected.Add(1)
	}
	if spec != nil && spec.Name == "exec" {
		w.d.Discard(s)
		err = command.Errorf("EXECABORT Transaction discarded because of: %s", strings.TrimPrefix(wireText(err), "ERR "))
	}
	s.Multi.Failed = s.Multi.Failed || s.Multi.Open
	mark := w.beginReply(s)
	w.replyError(&s.Out, err)
	w.endReply(s, mark)
}

func (w *Worker) replyError(out *resp.Writer, err error) {
	text := wireText(err)
	w.d.Errors.Count(text)
	out.Error(text)
}

// wireText is the error reply for an error; what is not a wire error already becomes one.
func wireText(err error) string {
	var wire command.Error
	switch {
	case errors.As(err, &wire):
		return string(wire)
	case errors.Is(err, keyspace.ErrExhausted):
		return "OOM " + err.Error()
	}
	return "ERR " + err.Error()
}

// call runs a command that has passed the gates, outside EXEC.
func (w *Worker) call(s *session.Session, spec *command.Spec, args [][]byte) {
	if w.beforeLong != nil && !spec.Brief() && !spec.Has(command.Fast) {
		w.beforeLong()
	}
	mark, start := w.beginReply(s), w.tick
	c := &w.ctx
	w.prepare(c, s, spec, args, &s.Out)
	err := w.attempt(c, s)
	if err == errLong {
		w.sendAway(s, spec, args, start)
		return
	}
	if err == errHeld {
		w.awaitShard(s)
	}
	if s.Park != nil {
		s.Out.Truncate(mark)
		w.parked(s, spec, args, start)
		return
	}
	if c.CloseAfter {
		s.CloseAfter = true
	}
	if err != nil {
		s.Out.Truncate(mark)
		w.replyError(&s.Out, err)
	}
	w.account(s, c, spec, args, start, err)
	w.done(s, mark)
}

// done ends what call, or the end of a wait, replied.
func (w *Worker) done(s *session.Session, mark int) {
	w.endReply(s, mark)
	if s.Tracking != nil {
		w.d.o.Tracking.CommandDone(s)
	}
	if s.HasMail() {
		s.Collect()
	}
}

// needsRoom reports whether a command failed for want of so many bytes. A function of its own, because the variable that
// errors.As fills is on the heap.
func needsRoom(err error) (bytes int64, ok bool) {
	if err == nil {
		return 0, false
	}
	var need *keyspace.NeedRoom
	if !errors.As(err, &need) {
		return 0, false
	}
	return need.Bytes, true
}

// roomTries bounds how often a command is run for which room was made and taken by another worker at once.
const roomTries = 8

// attempt runs a prepared command, once more where it needed room and that was made.
func (w *Worker) attempt(c *command.Ctx, s *session.Session) error {
	mark := c.Out.Mark()
	err := w.locked(c, s)
	for tries := 1; err != nil; tries++ {
		need, ok := needsRoom(err)
		if !ok {
			break
		}
		if tries == roomTries {
			return w.oomError()
		}
		held := w.d.o.Keyspace.Held()
		if !w.tx.MakeRoom(w.now, need, w.d.o.Clock) {
			return w.noRoom(held)
		}
		c.Out.Truncate(mark)
		w.tx.Begin(w.now, s.DB, s.ID, s.NoTouch)
		err = w.locked(c, s)
	}
	return err
}

// noRoom is why there is no room: errHeld where keys that could go may be in shards that long commands hold, or held when
// room was looked for.
func (w *Worker) noRoom(held uint64) error {
	if held |= w.d.o.Keyspace.Held(); held != 0 && !w.runner {
		w.blocker = bits.TrailingZeros64(held)
		return errHeld
	}
	return w.oomError()
}

// locked runs a prepared command under the locks of its keys.
func (w *Worker) locked(c *command.Ctx, s *session.Session) error {
	spec := c.Spec
	if w.runner && spec.Apart != nil {
		return w.apart(c, s)
	}
	if !w.lock(spec, c.Args) {
		return errHeld
	}
	if spec.Long != nil && !w.runner && spec.Long(c) {
		w.unlock()
		return errLong
	}
	err := w.run(c, s)
	w.unlock()
	return err
}

// prepare readies a Ctx for a command.
func (w *Worker) prepare(c *command.Ctx, s *session.Session, spec *command.Spec, args [][]byte, out *resp.Writer) {
	c.Spec, c.Args, c.Now, c.Out, c.Session, c.CloseAfter = spec, args, w.now, out, s, false
	w.tx.Begin(w.now, s.DB, s.ID, s.NoTouch)
}

// lock locks the shards that the command may touch; false: a long command holds one of them.
func (w *Worker) lock(spec *command.Spec, args [][]byte) bool {
	if i := spec.SingleKey(); i > 0 && i < len(args) {
		hash := w.hash
		if !w.hashed {
			hash = w.d.o.Keyspace.Hash(args[i])
		}
		if w.runner {
			return w.lockSet(w.tx.ShardBit(args[i]))
		}
		if !w.tx.TryLockHashed(args[i], hash) {
			w.blocker = w.tx.Blocker()
			return false
		}
		return true
	}
	if w.runner || spec.Has(command.AllShards) {
		return w.lockSet(w.shardSet(spec, args))
	}
	w.pos = spec.KeyPositions(args, w.pos[:0])
	if !w.tx.TryLockKeys(args, w.pos) {
		w.blocker = w.tx.Blocker()
		return false
	}
	return true
}

// shardSet is the set of shards that the command may touch.
func (w *Worker) shardSet(spec *command.Spec, args [][]byte) uint64 {
	if spec.Has(command.AllShards) {
		return w.d.o.Keyspace.AllShards()
	}
	set := uint64(0)
	w.pos = spec.KeyPositions(args, w.pos[:0])
	for _, i := range w.pos {
		set |= w.tx.ShardBit(args[i])
	}
	return set
}

// run runs the command and lets tracking see the keys that it read.
func (w *Worker) run(c *command.Ctx, s *session.Session) error {
	err := c.Spec.Run(c)
	w.remember(c, s)
	return err
}

// remember lets tracking see the keys that the command reads. Their shards are locked.
func (w *Worker) remember(c *command.Ctx, s *session.Session) {
	if spec := c.Spec; s.Tracking != nil && spec.Has(command.ReadOnly) && spec.HasKeys() {
		w.keys = w.keys[:0]
		w.pos = spec.KeyPositions(c.Args, w.pos[:0])
		for _, i := range w.pos {
			w.keys = append(w.keys, c.Args[i])
		}
		w.d.o.Tracking.Remember(s, s.DB, w.keys)
	}
}
