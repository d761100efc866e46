package command

// HelpSpec is the HELP subcommand of a container. lines are in Redis's form: a subcommand with its arguments, then what it
// does, indented by four spaces.
func HelpSpec(container string, flags Flags, since string, lines ...string) *Spec {
	return &Spec{
		Name: "help", Arity: 2, Flags: flags, Since: since, Complexity: "O(1)",
		Summary: "Describes the subcommands.",
		Run: func(c *Ctx) error {
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

// ErrSubcommandSyntax is the error for a subcommand that is given arguments which its arity allows but it does not.
func ErrSubcommandSyntax(word []byte, container string) Error {
	return Errorf("ERR unknown subcommand or wrong number of arguments for '%.128s'. Try %s HELP.", word, container)
}
