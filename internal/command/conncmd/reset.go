package conncmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/session"
)

func (d *Deps) reset() *command.Spec {
	return &command.Spec{
		Name: "reset", Arity: 1, Flags: handy | command.InSubscribe | command.NoQueue, Group: "connection", Since: "6.2.0",
		Complexity: "O(1)", Summary: "Makes the connection like a new one.",
		Run: func(c *command.Ctx) error {
			s := c.Session
			d.Monitor.Remove(s)
			d.Tracking.Off(s)
			d.Discard(s)
			d.PubSub.Drop(s)
			s.SetDB(0)
			s.SetProto(2)
			s.Authenticated = d.Password() == ""
			s.Public.User.Store(nil)
			s.SetText(&s.Public.Name, nil) // the library's name stays: it is still the one behind the connection
			s.Reply, s.NoTouch = session.ReplyOn, false
			for _, f := range []uint32{session.FlagNoTouch, session.FlagNoEvict} {
				s.SetFlag(f, false)
			}
			c.Out.Simple("RESET")
			return nil
		},
	}
}
