package conncmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
)

var clientNoEvict = &command.Spec{
	Name: "no-evict", Arity: 3, Flags: adminFlags, Since: "7.0.0", Complexity: "O(1)",
	Summary: "Spares the connection when connections are closed for want of memory.", Syntax: "enabled:<ON | OFF>",
	Run: func(c *command.Ctx) error {
		on, err := onOff(c, 2)
		if err != nil {
			return err
		}
		c.Session.SetFlag(session.FlagNoEvict, on)
		c.Out.OK()
		return nil
	},
}

var clientNoTouch = &command.Spec{
	Name: "no-touch", Arity: 3, Flags: anytime, Since: "7.2.0", Complexity: "O(1)",
	Summary: "Lets the connection's commands leave the keys' last access alone.", Syntax: "enabled:<ON | OFF>",
	Run: func(c *command.Ctx) error {
		on, err := onOff(c, 2)
		if err != nil {
			return err
		}
		c.Session.NoTouch = on
		c.Session.SetFlag(session.FlagNoTouch, on)
		c.Out.OK()
		return nil
	},
}

var clientReply = &command.Spec{
	Name: "reply", Arity: 3, Flags: anytime, Since: "3.2.0", Complexity: "O(1)",
	Summary: "Turns the replies on the connection on or off, or skips the next one.", Syntax: "action:<ON | OFF | SKIP>",
	Run: func(c *command.Ctx) error {
		s := c.Session
		switch {
		case c.Is(2, "ON"):
			s.Reply = session.ReplyOn
			c.Out.OK()
		case c.Is(2, "OFF"):
			s.Reply = session.ReplyOff
		case c.Is(2, "SKIP"):
			if s.Reply != session.ReplyOff {
				s.Reply = session.ReplySkipNext
			}
		default:
			return command.ErrSyntax
		}
		return nil
	},
}
