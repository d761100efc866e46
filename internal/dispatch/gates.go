package dispatch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
)

// gate is one named check between a command's name and its run, in some of the phases that commands come from.
type gate struct {
	name  string
	in    phases
	check func(w *Worker, s *session.Session, spec *command.Spec, args [][]byte) error
}

// phases is a set of them, a bit for each.
type phases uint8

const (
	fromClient phases = 1 << command.Client
	fromScript phases = 1 << command.Script
)

func (p phases) has(phase command.Phase) bool { return p>>phase&1 != 0 }

// gates in the order in which they are asked; the order is part of the protocol (which error wins). What EXEC runs was asked
// when it was queued, and what is replayed was asked when it was run first: no gate is for those phases.
var gates = []gate{
	{"script", fromScript, gateScript},
	{"protected", fromClient, gateProtected},
	{"auth", fromClient, gateAuth},
	{"multi", fromClient, gateMulti},
	{"room", fromClient, gateRoom},
	{"subscribed", fromClient, gateSubscribed},
	{"pause", fromClient, gatePause},
}

// pass asks the gates of a phase in their order and returns the first refusal.
func (w *Worker) pass(s *session.Session, phase command.Phase, spec *command.Spec, args [][]byte) error {
	if phase == command.Client && w.open(s, spec, args) {
		return nil
	}
	for i := range gates {
		if !gates[i].in.has(phase) {
			continue
		}
		if err := gates[i].check(w, s, spec, args); err != nil {
			return err
		}
	}
	return nil
}

// open reports whether all gates of what clients send are plainly open: for most requests nothing is to be asked.
// A small write takes its memory from the worker's lease, if that has enough left.
func (w *Worker) open(s *session.Session, spec *command.Spec, args [][]byte) bool {
	return s.Authenticated && !s.Multi.Open && spec.Flags&command.Protected == 0 && !s.Subs.Any() && !w.d.o.Pause.Active(w.now.Mono) &&
		(spec.Flags&command.DenyOOM == 0 || w.d.o.Keyspace.Settings.MaxMemory.Load() == 0 || w.tx.TakeLeased(roomFor(spec, args)))
}

// gateScript refuses what a script must not call.
func gateScript(_ *Worker, _ *session.Session, spec *command.Spec, _ [][]byte) error {
	if spec.Has(command.NoScript) {
		return errNotFromScript
	}
	return nil
}

// errParked tells that the session waits: the request goes through the gates again when it is woken.
var errParked = errors.New("the request waits")

func gateAuth(w *Worker, s *session.Session, spec *command.Spec, _ [][]byte) error {
	if s.Authenticated || spec.Has(command.NoAuth) || w.d.o.Password() == "" {
		return nil
	}
	return command.ErrNoAuth
}

func gateProtected(w *Worker, s *session.Session, spec *command.Spec, _ [][]byte) error {
	if !spec.Has(command.Protected) {
		return nil
	}
	return w.d.o.DebugAllowed(s, spec)
}

func gateMulti(_ *Worker, s *session.Session, spec *command.Spec, _ [][]byte) error {
	if s.Multi.Open && spec.Has(command.NoMulti) {
		return command.Error("ERR Command not allowed inside a transaction")
	}
	return nil
}

// gateRoom makes room for what the command may add, before any lock is taken, and refuses commands that need memory when
// there is none to be had. Reads and deletes always pass, but not into a transaction's queue: it takes memory as well.
func gateRoom(w *Worker, s *session.Session, spec *command.Spec, args [][]byte) error {
	k := w.d.o.Keyspace
	// While clients are paused nothing is evicted; what needs memory is held back by a later gate.
	if k.Settings.MaxMemory.Load() == 0 || k.Settings.HoldExpiry.Load() {
		return nil
	}
	if !spec.Has(command.DenyOOM) && !s.Multi.Open || spec.Has(command.NoQueue) && spec.Name != "exec" {
		return nil
	}
	need, refuse := w.need(s, spec, args)
	held := k.Held()
	if w.tx.Room(w.now, need, w.d.o.Clock) || !refuse {
		return nil
	}
	err := w.noRoom(held)
	if err == errHeld {
		w.awaitShard(s)
		return errParked
	}
	return err
}

// need is how many bytes the command may add, and whether it is refused when they cannot be had.
func (w *Worker) need(s *session.Session, spec *command.Spec, args [][]byte) (n int64, refuse bool) {
	if spec.Name == "exec" {
		for _, q := range s.Multi.Queue {
			qs := q.Command.(*command.Spec)
			if qs.Has(command.DenyOOM) {
				n += roomFor(qs, q.Args)
				refuse = true
			}
		}
		return n, refuse
	}
	return roomFor(spec, args), true
}

// entryOverhead covers the header, the deadline and the index of one more key.
const entryOverhead = 64

func roomFor(spec *command.Spec, args [][]byte) int64 {
	if spec.Room != nil {
		return spec.Room(args)
	}
	n := int64(entryOverhead)
	for _, a := range args[1:] {
		n += int64(len(a))
	}
	return n
}

func gateSubscribed(_ *Worker, s *session.Session, spec *command.Spec, _ [][]byte) error {
	if s.Out.Proto > 2 || !s.Subs.Any() || spec.Has(command.InSubscribe) {
		return nil
	}
	return command.Errorf("ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context", spec.Full)
}

func gatePause(w *Worker, s *session.Session, spec *command.Spec, _ [][]byte) error {
	if !w.d.o.Pause.Active(w.now.Mono) || spec.Has(command.Unpausable) {
		return nil
	}
	writes := spec.Has(command.Write) || spec.Has(command.MayReplicate) || spec.Name == "exec" && queueWrites(s)
	if !w.d.o.Pause.Holds(w.now.Mono, writes) || !w.d.o.Pause.Suspend(w.now.Mono, s) {
		return nil
	}
	return errParked
}

func queueWrites(s *session.Session) bool {
	for _, q := range s.Multi.Queue {
		if spec := q.Command.(*command.Spec); spec.Has(command.Write) || spec.Has(command.MayReplicate) {
			return true
		}
	}
	return false
}

// unknownCommand is the error for a first word that is no command.
func unknownCommand(args [][]byte) error {
	var b strings.Builder
	for _, a := range args[1:] {
		if b.Len() >= 128 {
			break
		}
		fmt.Fprintf(&b, "'%.*s' ", 128-b.Len(), command.Quoted(a))
	}
	return command.Errorf("ERR unknown command '%.128s', with args beginning with: %s", args[0], b.String())
}

func upper(s string) string { return strings.ToUpper(s) }
