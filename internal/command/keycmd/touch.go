package keycmd

import "github.com/curfewkv/curfew/internal/command"

var touch = &command.Spec{
	Name: "touch", Arity: -2, Flags: command.ReadOnly | command.Fast,
	Keys:  command.Keys{First: 1, Last: -1, Step: 1, Flags: "RO"},
	Group: "generic", Since: "3.2.1", Complexity: "O(N), N being the number of keys.",
	Tips:    "request_policy:multi_shard response_policy:agg_sum",
	Summary: "Marks keys as accessed now, and counts those that exist.",
	Syntax:  "key [key ...]",
	Run: func(c *command.Ctx) error {
		n := 0
		for _, key := range c.Args[1:] {
			if en, ok := c.Tx.ReadUntouched(key); ok {
				// Even under CLIENT NO-TOUCH: it is what the command is for.
				c.Tx.Touch(en)
				n++
			}
		}
		c.Out.Int(int64(n))
		return nil
	},
}
