package sessiontest

import (
	"fmt"
	"testing"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/node"
	"github.com/curfewkv/curfew/internal/node/nodetest"
	"github.com/curfewkv/curfew/internal/session"
)

// Server is a node that sessions are connected to without sockets. It is for one goroutine.
type Server struct {
	*node.Node
	Clock *clock.Fake

	t testing.TB
}

// New makes an empty server, with more commands than its own. Its slow log is off.
func New(t testing.TB, more ...*command.Spec) *Server {
	t.Helper()
	s := &Server{t: t}
	s.Node, s.Clock = nodetest.New(t, node.Options{Commands: more})
	s.Keys.SlowerThan.Override(-1)
	s.Keys.DebugCommand.Override(1) // yes
	return s
}

// Conn is a connection without a socket: its session, and what that was sent.
type Conn struct {
	*session.Session
	Closed bool
	server *Server
	in     []byte
	got    []string
	woken  chan struct{} // has one for what was woken and not looked at yet
}

// Wake notes that the session is to be looked at. The server looks at all connections anyway, but for one that waits for
// what another goroutine does.
func (c *Conn) Wake(*session.Session) {
	select {
	case c.woken <- struct{}{}:
	default:
	}
}

// Connect opens a connection.
func (s *Server) Connect() *Conn {
	c := &Conn{server: s, woken: make(chan struct{}, 1)}
	c.Session = s.NewSession(c)
	c.Addr, c.LocalAddr = fmt.Sprintf("127.0.0.1:%d", 1000+c.ID), "127.0.0.1:6379"
	c.FD, c.Local = int(10+c.ID), true
	s.Attach(c.Session)
	return c
}
