package servercmd

import (
	"strings"

	"github.com/curfewkv/curfew/internal/command"
)

func infoSpec(d *Deps) *command.Spec {
	return &command.Spec{
		Name: "info", Arity: -1, Flags: command.Loading | command.Stale | command.AllShards, Categories: "@dangerous",
		Group: "server", Since: "1.0.0", Complexity: "O(1)",
		Summary: "Shows the state and the figures of the server, by section.",
		Syntax:  "[section [section ...]]",
		Tips:    "nondeterministic_output request_policy:all_shards response_policy:special",
		Run: func(c *command.Ctx) error {
			sections := make([]string, 0, len(c.Args)-1)
			for _, a := range c.Args[1:] {
				sections = append(sections, strings.ToLower(string(a)))
			}
			c.Out.Verbatim("txt", string(d.Info(nil, c.Tx, sections)))
			return nil
		},
	}
}
