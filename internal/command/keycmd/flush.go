package keycmd

import "github.com/curfewkv/curfew/internal/command"

const flushSyntax = "[ASYNC | SYNC]"

func flushdb(lazy func() bool) *command.Spec {
	return &command.Spec{
		Name: "flushdb", Arity: -1, Flags: command.Write | command.AllShards,
		Group: "server", Since: "1.0.0", Complexity: "O(1); the memory of N keys is given back in O(N), SYNC before the reply.",
		Tips:       "request_policy:all_shards response_policy:all_succeeded",
		Summary:    "Deletes all keys of the database.",
		Syntax:     flushSyntax,
		Categories: "@keyspace @dangerous",
		Run: func(c *command.Ctx) error {
			sync, err := parseFlush(c, lazy)
			if err != nil {
				return err
			}
			c.Tx.Flush(c.Tx.DB, sync)
			c.Out.OK()
			return nil
		},
	}
}

func flushall(lazy func() bool) *command.Spec {
	return &command.Spec{
		Name: "flushall", Arity: -1, Flags: command.Write | command.AllShards,
		Group: "server", Since: "1.0.0", Complexity: "O(1); the memory of N keys is given back in O(N), SYNC before the reply.",
		Tips:       "request_policy:all_shards response_policy:all_succeeded",
		Summary:    "Deletes all keys of all databases.",
		Syntax:     flushSyntax,
		Categories: "@keyspace @dangerous",
		Run: func(c *command.Ctx) error {
			sync, err := parseFlush(c, lazy)
			if err != nil {
				return err
			}
			c.Tx.FlushAll(sync)
			c.Out.OK()
			return nil
		},
	}
}

// parseFlush reports whether the memory is to be given back before the reply.
func parseFlush(c *command.Ctx, lazy func() bool) (sync bool, err error) {
	switch {
	case len(c.Args) == 1:
		return !lazy(), nil
	case len(c.Args) == 2 && c.Is(1, "SYNC"):
		return true, nil
	case len(c.Args) == 2 && c.Is(1, "ASYNC"):
		return false, nil
	}
	return false, command.ErrSyntax
}
