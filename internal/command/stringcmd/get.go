package stringcmd

import "github.com/curfewkv/curfew/internal/command"

var get = &command.Spec{
	Name: "get", Arity: 2, Flags: command.ReadOnly | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RO access"},
	Group: "string", Since: "1.0.0", Complexity: "O(1)",
	Summary: "Returns the string value of a key.",
	Syntax:  "key",
	Run: func(c *command.Ctx) error {
		en, ok, err := c.StringEntry(c.Args[1])
		if err != nil {
			return err
		}
		if !ok {
			c.Out.Null()
			return nil
		}
		c.Out.Bulk(en.String(c.Scratch[:0]))
		return nil
	},
}
