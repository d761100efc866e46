package keycmd

import (
	"math/rand/v2"

	"github.com/curfewkv/curfew/internal/command"
)

var randomkey = &command.Spec{
	Name: "randomkey", Arity: 1, Flags: command.ReadOnly | command.TouchesArbitraryKeys | command.AllShards,
	Group: "generic", Since: "1.0.0", Complexity: "O(1)",
	Tips:    "request_policy:all_shards response_policy:special nondeterministic_output",
	Summary: "Draws a key of the database.",
	Run: func(c *command.Ctx) error {
		en, ok := c.Tx.Random(rand.Uint64())
		if !ok {
			c.Out.Null()
			return nil
		}
		c.Out.Bulk(en.Key())
		return nil
	},
}
