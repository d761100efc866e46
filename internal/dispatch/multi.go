package dispatch

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
)

const (
	errNested          command.Error = "ERR MULTI calls can not be nested"
	errWatchInMulti    command.Error = "ERR WATCH inside MULTI is not allowed"
	errExecNoMulti     command.Error = "ERR EXEC without MULTI"
	errDiscardNoMulti  command.Error = "ERR DISCARD without MULTI"
	transactionFlags                 = command.NoScript | command.Loading | command.Stale | command.Fast | command.AllowBusy | command.NoQueue
	execTooLargeReason               = "the transaction needs more memory than maxmemory leaves"
)

// Transactions are MULTI, EXEC, DISCARD, WATCH and UNWATCH. EXEC runs in the worker; get reaches it, for the table is
// built before the dispatcher.
func Transactions(get func() *Dispatcher) []*command.Spec {
	return []*command.Spec{
		{
			Name: "multi", Arity: 1, Flags: transactionFlags, Group: "transactions", Since: "1.2.0", Complexity: "O(1)",
			Summary: "Begins a transaction: the commands that follow are queued.",
			Run: func(c *command.Ctx) error {
				m := &c.Session.Multi
				if m.Open {
					return errNested
				}
				m.Open = true
				c.Session.Public.MultiLen.Store(0)
				c.Session.SetFlag(session.FlagMulti, true)
				c.Out.OK()
				return nil
			},
		},
		{
			Name: "exec", Arity: 1, Flags: transactionFlags&^(command.Fast|command.AllowBusy) | command.SkipSlowlog, Group: "transactions", Since: "1.2.0",
			Complexity: "That of the queued commands together.", Summary: "Runs the queued commands at one instant, unless a watched key has changed.",
			Run: func(c *command.Ctx) error { return get().workers[c.Worker].exec(c) },
		},
		{
			Name: "discard", Arity: 1, Flags: transactionFlags, Group: "transactions", Since: "2.0.0",
			Complexity: "O(N), N being the number of queued commands", Summary: "Forgets the queued commands and the watched keys.",
			Run: func(c *command.Ctx) error {
				if !c.Session.Multi.Open {
					return errDiscardNoMulti
				}
				get().Discard(c.Session)
				c.Out.OK()
				return nil
			},
		},
		{
			Name: "watch", Arity: -2, Flags: transactionFlags, Group: "transactions", Since: "2.2.0", Complexity: "O(1) for every key.",
			Keys: command.Keys{First: 1, Last: -1, Step: 1, Flags: "RO"}, Syntax: "key [key ...]",
			Summary: "Makes the next EXEC run nothing if one of the keys changes before it.",
			Run: func(c *command.Ctx) error {
				if c.Session.Multi.Open {
					return errWatchInMulti
				}
				for _, key := range c.Args[1:] {
					get().o.Watch.Watch(c.Tx, c.Session, key)
				}
				c.Out.OK()
				return nil
			},
		},
		{
			Name: "unwatch", Arity: 1, Flags: transactionFlags &^ command.NoQueue, Group: "transactions", Since: "2.2.0", Complexity: "O(1)",
			Summary: "Forgets the watched keys.",
			Run: func(c *command.Ctx) error {
				get().o.Watch.Unwatch(c.Session)
				c.Out.OK()
				return nil
			},
		},
	}
}

// Discard ends a session's transaction and its watches.
func (d *Dispatcher) Discard(s *session.Session) {
	m := &s.Multi
	m.Open, m.Failed, m.Bytes = false, false, 0
	m.Queue = nil
	s.Public.MultiLen.Store(-1)
	s.Public.MultiBytes.Store(0)
	s.SetFlag(session.FlagMulti, false)
	d.o.Watch.Unwatch(s)
}

// enqueue copies a command into the transaction's queue.
func (w *Worker) enqueue(s *session.Session, spec *command.Spec, args [][]byte) {
	m := &s.Multi
	if !m.Failed {
		m.Enqueue(session.Queued{Command: spec, Args: cloneArgs(args)})
		s.Public.MultiLen.Store(int32(len(m.Queue)))
		s.Public.MultiBytes.Store(m.Bytes)
	}
	mark := w.beginReply(s)
	s.Out.Simple("QUEUED")
	w.endReply(s, mark)
}

// cloneArgs copies arguments into one allocation for their bytes.
func cloneArgs(args [][]byte) [][]byte {
	n := 0
	for _, a := range args {
		n += len(a)
	}
	buf := make([]byte, 0, n)
	out := make([][]byte, len(args))
	for i, a := range args {
		buf = append(buf, a...)
		out[i] = buf[len(buf)-len(a) : len(buf) : len(buf)]
	}
	return out
}

// exec runs the queue with the shards of all of its keys, and of the watched ones, locked: one atomic step.
func (w *Worker) exec(c *command.Ctx) error {
	s := c.Session
	m := &s.Multi
	if !m.Open {
		return errExecNoMulti
	}
	failed, queue := m.Failed, m.Queue
	if failed {
		w.d.Discard(s)
		return command.ErrExecAbort
	}
	set := uint64(0)
	for _, q := range queue {
		set |= w.shardSet(q.Command.(*command.Spec), q.Args)
	}
	for _, k := range m.Watched {
		set |= w.tx.ShardBit([]byte(k.Key))
	}
	if !w.lockSet(set) {
		return errHeld
	}
	for _, k := range m.Watched {
		w.tx.PeekIn(k.DB, []byte(k.Key)) // expires it when due, which marks the transaction
	}
	dirty := s.Dirty()
	if !dirty && !w.runner && w.anyLong(c, queue) {
		w.unlock()
		return errLong
	}
	w.d.Discard(s)
	if dirty {
		w.unlock()
		c.Out.NullArray()
		return nil
	}
	c.Out.Array(len(queue))
	for _, q := range queue {
		w.execQueued(c, q.Command.(*command.Spec), q.Args)
	}
	w.unlock()
	return nil
}

// anyLong reports whether a queued command would take long. All shards are locked.
func (w *Worker) anyLong(c *command.Ctx, queue []session.Queued) bool {
	spec, args := c.Spec, c.Args
	defer func() { c.Spec, c.Args = spec, args }()
	for _, q := range queue {
		c.Spec, c.Args = q.Command.(*command.Spec), q.Args
		if c.Spec.Long != nil && c.Spec.Long(c) {
			return true
		}
	}
	return false
}

// execQueued runs one queued command; its error is its reply.
func (w *Worker) execQueued(c *command.Ctx, spec *command.Spec, args [][]byte) {
	err := w.nest(c, command.Queued, spec, args, c.Out)
	if err == nil {
		return
	}
	if _, more := needsRoom(err); more {
		err = command.Error("OOM " + execTooLargeReason)
	}
	w.replyError(c.Out, err)
}
