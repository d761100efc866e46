package keycmd

import "github.com/curfewkv/curfew/internal/command"

var exists = &command.Spec{
	Name: "exists", Arity: -2, Flags: command.ReadOnly | command.Fast,
	Keys:  command.Keys{First: 1, Last: -1, Step: 1, Flags: "RO"},
	Group: "generic", Since: "1.0.0", Complexity: "O(N), N being the number of keys.",
	Tips:    "request_policy:multi_shard response_policy:agg_sum",
	Summary: "Counts how many of the keys exist; one that is given twice counts twice.",
	Syntax:  "key [key ...]",
	Run: func(c *command.Ctx) error {
		n := 0
		for _, key := range c.Args[1:] {
			if _, ok := c.Tx.ReadUntouched(key); ok {
				n++
			}
		}
		c.Out.Int(int64(n))
		return nil
	},
}
