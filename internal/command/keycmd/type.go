package keycmd

import "github.com/curfewkv/curfew/internal/command"

var typeOf = &command.Spec{
	Name: "type", Arity: 2, Flags: command.ReadOnly | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RO"},
	Group: "generic", Since: "1.0.0", Complexity: "O(1)",
	Summary: "Tells the type of what a key holds.",
	Syntax:  "key",
	Run: func(c *command.Ctx) error {
		en, ok := c.Tx.ReadUntouched(c.Args[1])
		if !ok {
			c.Out.Simple("none")
			return nil
		}
		c.Out.Simple(en.Type())
		return nil
	},
}
