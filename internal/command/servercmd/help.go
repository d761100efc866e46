package servercmd

import "github.com/curfewkv/curfew/internal/command"

// helpSpec is the HELP subcommand of a container: lines in Redis's form, name and indented description in turn.
func helpSpec(container string, flags command.Flags, since string, lines []string) *command.Spec {
	return &command.Spec{
		Name: "help", Arity: 2, Flags: flags, Since: since, Complexity: "O(1)",
		Summary: "Describes the subcommands.",
		Run: func(c *command.Ctx) error {
			c.Out.Array(len(lines) + 3)
			c.Out.Simple(container + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
			for _, l := range lines {
				c.Out.Simple(l)
			}
			c.Out.Simple("HELP")
			c.Out.Simple("    Print this help.")
			return nil
		},
	}
}
