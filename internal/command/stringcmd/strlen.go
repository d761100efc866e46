package stringcmd

import "github.com/curfewkv/curfew/internal/command"

var strlen = &command.Spec{
	Name: "strlen", Arity: 2, Flags: command.ReadOnly | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RO"},
	Group: "string", Since: "2.2.0", Complexity: "O(1)",
	Summary: "Tells how many bytes the string of a key has, 0 where there is no key.",
	Syntax:  "key",
	Run: func(c *command.Ctx) error {
		en, ok, err := c.StringEntry(c.Args[1])
		if err != nil {
			return err
		}
		if !ok {
			c.Out.Int(0)
			return nil
		}
		c.Out.Int(int64(en.StringLen()))
		return nil
	},
}
