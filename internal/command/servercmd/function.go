package servercmd

import "github.com/curfewkv/curfew/internal/command"

// functionSpec answers for the absence of functions: there are none to list, and flushing none succeeds. Tools call these
// on every server that they meet.
func functionSpec() *command.Spec {
	const flags = command.NoScript
	return &command.Spec{
		Name: "function", Arity: -2, Group: "scripting", Since: "7.0.0", Complexity: "Depends on subcommand.",
		Summary: "Groups the commands of functions, of which there are none.",
		Subcommands: []*command.Spec{
			{
				Name: "flush", Arity: -2, Flags: flags | command.Write, Since: "7.0.0", Complexity: "O(1)",
				Summary: "Succeeds, for there are no functions to delete.", Syntax: "[ASYNC | SYNC]",
				Tips: "request_policy:all_shards response_policy:all_succeeded",
				Run: func(c *command.Ctx) error {
					if len(c.Args) > 3 {
						return command.ErrSubcommandSyntax(c.Args[1], "FUNCTION")
					}
					if len(c.Args) == 3 && !c.Is(2, "ASYNC") && !c.Is(2, "SYNC") {
						return command.Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
					}
					c.Out.OK()
					return nil
				},
			},
			{
				Name: "list", Arity: -2, Flags: flags, Since: "7.0.0", Complexity: "O(1)",
				Summary: "Lists no libraries, for there are none.", Syntax: "[LIBRARYNAME library-name-pattern] [WITHCODE]",
				Tips: "nondeterministic_output_order",
				Run:  listFunctions,
			},
		},
	}
}

// listFunctions parses its arguments for their errors: whatever they ask for, there is nothing.
func listFunctions(c *command.Ctx) error {
	withCode, named := false, false
	for i := 2; i < len(c.Args); i++ {
		switch {
		case !withCode && c.Is(i, "WITHCODE"):
			withCode = true
		case !named && c.Is(i, "LIBRARYNAME"):
			if i++; i == len(c.Args) {
				return command.Error("ERR library name argument was not given")
			}
			named = true
		default:
			return command.Errorf("ERR Unknown argument %s", c.Args[i])
		}
	}
	c.Out.Array(0)
	return nil
}
