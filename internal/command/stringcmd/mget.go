package stringcmd

import "github.com/curfewkv/curfew/internal/command"

var mget = &command.Spec{
	Name: "mget", Arity: -2, Flags: command.ReadOnly | command.Fast,
	Keys:  command.Keys{First: 1, Last: -1, Step: 1, Flags: "RO access"},
	Group: "string", Since: "1.0.0", Complexity: "O(N), N being the number of keys.",
	Tips:    "request_policy:multi_shard",
	Summary: "Reads the strings that several keys hold at one instant; null for each that holds none.",
	Syntax:  "key [key ...]",
	Run: func(c *command.Ctx) error {
		c.Out.Array(len(c.Args) - 1)
		for _, key := range c.Args[1:] {
			en, ok := c.Tx.Read(key)
			if !ok || !en.IsString() {
				c.Out.Null()
				continue
			}
			reply(c, en)
		}
		return nil
	},
}
