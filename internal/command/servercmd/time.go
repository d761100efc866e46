package servercmd

import "github.com/curfewkv/curfew/internal/command"

func timeSpec() *command.Spec {
	return &command.Spec{
		Name: "time", Arity: 1, Flags: command.Loading | command.Stale | command.Fast, Group: "server", Since: "2.6.0", Complexity: "O(1)",
		Summary: "Reads the wall clock, in seconds and microseconds.",
		Tips:    "nondeterministic_output",
		Run: func(c *command.Ctx) error {
			us := c.Now.Wall / 1000
			c.Out.Array(2)
			c.Out.BulkInt(us / 1e6)
			c.Out.BulkInt(us % 1e6)
			return nil
		},
	}
}
