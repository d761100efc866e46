package conncmd

import "github.com/curfewkv/curfew/internal/command"

func (d *Deps) monitor() *command.Spec {
	return &command.Spec{
		Name: "monitor", Arity: 1, Flags: command.Admin | anytime, Group: "server", Since: "1.0.0", Complexity: "O(1)",
		Summary: "Shows all commands that the server runs, as it runs them.",
		Run: func(c *command.Ctx) error {
			switch {
			case c.Nested():
				return command.Error("ERR MONITOR isn't allowed for DENY BLOCKING client")
			case c.Session.Monitoring:
				return nil // as Redis: no reply, for it would stand among the lines
			}
			d.Monitor.Add(c.Session)
			c.Out.OK()
			return nil
		},
	}
}
