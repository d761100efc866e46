package commandtest

import (
	"errors"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/node"
	"github.com/curfewkv/curfew/internal/node/nodetest"
	"github.com/curfewkv/curfew/internal/session"
)

// Server runs commands on a node's keyspace, without its dispatcher: no gate refuses them. It is for one goroutine.
type Server struct {
	*node.Node
	Clock   *clock.Fake
	Session *session.Session

	t     testing.TB
	table *command.Table
	tx    *keyspace.Txn
	ctx   command.Ctx
	pos   []int
	log   recorder
	logID journal.ID
}

// asleep is a transport that nothing needs to wake.
type asleep struct{}

func (asleep) Wake(*session.Session) {}

// New makes an empty server with the commands of the families, or with all of them if there are none. It goes away with the
// test.
func New(t testing.TB, families ...[]*command.Spec) *Server {
	t.Helper()
	s := &Server{t: t}
	s.Node, s.Clock = nodetest.New(t, node.Options{})
	s.table = s.Node.Table
	if len(families) > 0 {
		s.table = command.NewTable(families...)
	}
	s.logID = s.Journal.Register(&s.log)
	s.Journal.Listen(s.logID, journal.AllReasons)
	s.tx = s.Keyspace.NewTxn()
	s.Session = s.NewSession(asleep{})
	s.ctx.Tx = s.tx
	return s
}

// Do runs one command and returns its reply as bytes of RESP.
func (s *Server) Do(args ...string) string {
	s.t.Helper()
	line := make([][]byte, len(args))
	for i, a := range args {
		line[i] = []byte(a)
	}
	s.Session.Out.Reset()
	s.Run(line)
	return string(s.Session.Out.AppendTo(nil))
}

// Run runs one command and appends its reply to the session's. It allocates nothing itself.
func (s *Server) Run(args [][]byte) {
	out := &s.Session.Out
	spec, ok := s.table.Resolve(args)
	switch {
	case spec == nil:
		s.t.Fatalf("there is no command %q", args[0])
	case !ok && len(args) > 1:
		out.Error(command.ErrUnknownSubcommand(args[1], string(upper(args[0]))).Error())
		return
	case !ok || !spec.ArityOK(len(args)):
		out.Error(command.ErrWrongArgs(spec.Full).Error())
		return
	}
	mark := out.Mark()
	now := s.Clock.Now()
	s.tx.Begin(now, s.Session.DB, s.Session.ID, s.Session.NoTouch)
	s.ctx.Spec, s.ctx.Args, s.ctx.Now, s.ctx.Out, s.ctx.Session = spec, args, now, out, s.Session
	s.lock(spec, args)
	err := spec.Run(&s.ctx)
	s.tx.Unlock()
	if err == nil {
		return
	}
	out.Truncate(mark)
	var wire command.Error
	if !errors.As(err, &wire) {
		wire = command.Error("OOM " + err.Error())
	}
	out.Error(wire.Error())
}

func (s *Server) lock(spec *command.Spec, args [][]byte) {
	if spec.Has(command.AllShards) {
		s.tx.LockAll()
		return
	}
	set := uint64(0)
	s.pos = spec.KeyPositions(args, s.pos[:0])
	for _, i := range s.pos {
		set |= s.tx.ShardBit(args[i])
	}
	s.tx.LockSet(set)
}

// Update gives fn a transaction on all shards, to look at what the commands left or to prepare what they meet.
func (s *Server) Update(fn func(tx *keyspace.Txn)) {
	s.tx.Begin(s.Clock.Now(), s.Session.DB, 0, true)
	s.tx.LockAll()
	defer s.tx.Unlock()
	fn(s.tx)
}

// Expire removes all keys that are due, as the server does at their deadline.
func (s *Server) Expire() {
	for shard := range s.Keyspace.Shards() {
		for s.tx.ExpireSlice(shard, s.Clock.Now(), time.Second, s.Clock) {
		}
	}
}

// Quiet switches the recording of change records off, as in a server without notifications.
func (s *Server) Quiet() { s.Journal.Listen(s.logID, journal.NoReasons) }

func upper(b []byte) []byte {
	out := append([]byte(nil), b...)
	for i, c := range out {
		if 'a' <= c && c <= 'z' {
			out[i] = c - 'a' + 'A'
		}
	}
	return out
}

// SetPolicy sets maxmemory-policy.
func (s *Server) SetPolicy(name string) {
	s.t.Helper()
	p, ok := eviction.Parse(name)
	if !ok {
		s.t.Fatalf("there is no policy %s", name)
	}
	s.Keyspace.SetPolicy(p)
}
