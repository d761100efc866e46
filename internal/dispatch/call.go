package dispatch

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/resp"
)

const (
	errNotFromScript command.Error = "ERR This Redis command is not allowed from script"
	errUndeclared    command.Error = "ERR Script attempted to access keys that it did not declare"
)

// callFrom implements command.Caller.
func (w *Worker) callFrom(parent *command.Ctx, phase command.Phase, args [][]byte, out *resp.Writer) error {
	spec, err := w.resolve(args)
	if err != nil {
		return err
	}
	if err := w.pass(parent.Session, phase, spec, args); err != nil {
		w.stats[spec.ID].rejected.Add(1)
		return err
	}
	if !w.tx.Holds(w.shardSet(spec, args)) {
		return errUndeclared
	}
	return w.nest(parent, phase, spec, args, out)
}

// nest runs a command within another, on a Ctx of its own and under the locks that the other holds.
func (w *Worker) nest(parent *command.Ctx, phase command.Phase, spec *command.Spec, args [][]byte, out *resp.Writer) error {
	if w.depth == len(w.inner) {
		w.inner = append(w.inner, &command.Ctx{Tx: w.tx, Worker: w.index, Caller: w.callFrom})
	}
	c, s := w.inner[w.depth], parent.Session
	w.depth++
	c.Phase = phase
	w.prepare(c, s, spec, args, out)
	mark, start := out.Mark(), w.tick
	err := w.run(c, s)
	if err != nil {
		out.Truncate(mark)
	}
	w.account(s, c, spec, args, start, err)
	parent.CloseAfter = parent.CloseAfter || c.CloseAfter
	c.Args = nil
	w.depth--
	return err
}
