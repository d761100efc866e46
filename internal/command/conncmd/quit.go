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
		closeAfterReply(c)
		return nil
	},
}

// closeAfterReply closes the caller's own connection.
func closeAfterReply(c *command.Ctx) {
	c.CloseAfter = true
	c.Session.SetFlag(session.FlagCloseAfter, true)
}
