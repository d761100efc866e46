package conncmd

import "github.com/curfewkv/curfew/internal/command"

func (d *Deps) clientUnblock() *command.Spec {
	return &command.Spec{
		Name: "unblock", Arity: -3, Flags: adminFlags, Since: "5.0.0", Complexity: "O(1)",
		Summary: "Ends the wait of a blocked connection.", Syntax: "client-id:integer [unblock-type:<TIMEOUT | ERROR>]",
		Run: func(c *command.Ctx) error {
			withError := false
			switch {
			case len(c.Args) > 4:
				return command.ErrSubcommandSyntax(c.Args[1], "CLIENT")
			case len(c.Args) == 3 || c.Is(3, "TIMEOUT"):
			case c.Is(3, "ERROR"):
				withError = true
			default:
				return command.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
			}
			id, err := c.Int(2)
			if err != nil {
				return err
			}
			s, ok := d.Clients.Get(uint64(id))
			if ok && s.Unblock(withError) {
				c.Out.Int(1)
			} else {
				c.Out.Int(0)
			}
			return nil
		},
	}
}
