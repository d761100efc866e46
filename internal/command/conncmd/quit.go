package conncmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
)

var quit = &command.Spec{
	Name: "quit", Arity: -1, Flags: handy | command.InSubscribe | command.NoQueue, Group: "connection", Since: "1.0.0",
	Complexity: "O(1)", Summary: "Closes the connection once its replies are sent.",
	DeprecatedSince: "7.2.0", ReplacedBy: "just closing the connection",
	Run: func(c *command.Ctx) error {
		c.Out.OK()
		closeAfterReply(c.Session)
		return nil
	},
}

// closeAfterReply closes the connection of a session that is the caller's own.
func closeAfterReply(s *session.Session) {
	s.CloseAfter = true
	s.SetFlag(session.FlagCloseAfter, true)
}
