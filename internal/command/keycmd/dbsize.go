package keycmd

import "github.com/curfewkv/curfew/internal/command"

var dbsize = &command.Spec{
	Name: "dbsize", Arity: 1, Flags: command.ReadOnly | command.Fast | command.AllShards,
	Group: "server", Since: "1.0.0", Complexity: "O(1)",
	Tips:       "request_policy:all_shards response_policy:agg_sum",
	Summary:    "Counts the keys of the database.",
	Categories: "@keyspace",
	Run: func(c *command.Ctx) error {
		c.Out.Int(int64(c.Tx.Len()))
		return nil
	},
}
