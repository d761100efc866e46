package servercmd

import "github.com/curfewkv/curfew/internal/command"

// role answers for a primary without replicas, which every server is.
var role = &command.Spec{
	Name: "role", Arity: 1, Flags: command.NoScript | command.Loading | command.Stale | command.Fast, Categories: "@admin @dangerous",
	Group: "server", Since: "2.8.12", Complexity: "O(1)",
	Summary: "Tells the part that the server has in replication.",
	Run: func(c *command.Ctx) error {
		c.Out.Array(3)
		c.Out.BulkString("master")
		c.Out.Int(0)
		c.Out.Array(0)
		return nil
	},
}
