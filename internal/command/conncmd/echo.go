package conncmd

import "github.com/curfewkv/curfew/internal/command"

var echo = &command.Spec{
	Name: "echo", Arity: 2, Flags: command.Loading | command.Stale | command.Fast, Group: "connection", Since: "1.0.0",
	Complexity: "O(1)", Summary: "Replies its argument.", Syntax: "message",
	Run: func(c *command.Ctx) error {
		c.Out.Bulk(c.Args[1])
		return nil
	},
}
