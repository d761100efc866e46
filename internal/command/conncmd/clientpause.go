package conncmd

import "github.com/curfewkv/curfew/internal/command"

func (d *Deps) clientPause() *command.Spec {
	return &command.Spec{
		Name: "pause", Arity: -3, Flags: adminFlags, Since: "3.0.0", Complexity: "O(1)",
		Summary: "Holds back all commands, or those that write, for a time.", Syntax: "timeout:integer [mode:<WRITE | ALL>]",
		Run: func(c *command.Ctx) error {
			writesOnly := false
			switch {
			case len(c.Args) > 4:
				return command.ErrSubcommandSyntax(c.Args[1], "CLIENT")
			case len(c.Args) == 3 || c.Is(3, "ALL"):
			case c.Is(3, "WRITE"):
				writesOnly = true
			default:
				return command.Error("ERR CLIENT PAUSE mode must be WRITE or ALL")
			}
			until, err := deadline(c, 2)
			if err != nil {
				return err
			}
			// Without a time the pause is over as it begins; it still must not end another that is under way.
			if until > 0 {
				d.Pause.Start(c.Now.Mono, until, writesOnly)
			}
			c.Out.OK()
			return nil
		},
	}
}

// UNPAUSE is not held back itself, or a pause of all commands could not be ended.
func (d *Deps) clientUnpause() *command.Spec {
	return &command.Spec{
		Name: "unpause", Arity: 2, Flags: adminFlags | command.Unpausable, Since: "6.2.0",
		Complexity: "O(N) Where N is the number of paused clients", Summary: "Ends the pause.",
		Run: func(c *command.Ctx) error {
			d.Pause.End()
			c.Out.OK()
			return nil
		},
	}
}
