package keycmd

import "github.com/curfewkv/curfew/internal/command"

func flushdb(lazy func() bool) *command.Spec {
	return flusher(lazy, &command.Spec{
		Name: "flushdb", Summary: "Deletes all keys of the database.",
		Long: func(c *command.Ctx) bool { return c.Tx.Stored(c.Tx.DB, c.Tx.DB+1) > atOnce },
	}, func(c *command.Ctx, sync bool) { c.Tx.Flush(c.Tx.DB, sync) })
}

func flushall(lazy func() bool) *command.Spec {
	return flusher(lazy, &command.Spec{
		Name: "flushall", Summary: "Deletes all keys of all databases.",
		Long: func(c *command.Ctx) bool { return c.Tx.Stored(0, c.Tx.Keyspace().Databases()) > atOnce },
	}, func(c *command.Ctx, sync bool) { c.Tx.FlushAll(sync) })
}

// flusher completes the declaration of a command that flush carries out. Its Long so far says whether there are many keys.
func flusher(lazy func() bool, s *command.Spec, flush func(c *command.Ctx, sync bool)) *command.Spec {
	s.Arity, s.Flags = -1, command.Write|command.AllShards
	s.Group, s.Since, s.Syntax = "server", "1.0.0", "[ASYNC | SYNC]"
	s.Complexity = "O(1); the memory of N keys is given back in O(N), SYNC before the reply."
	s.Tips = "request_policy:all_shards response_policy:all_succeeded"
	s.Categories = "@keyspace @dangerous"
	many := s.Long
	s.Long = func(c *command.Ctx) bool {
		sync, err := parseFlush(c, lazy)
		return err == nil && sync && many(c)
	}
	s.Run = func(c *command.Ctx) error {
		sync, err := parseFlush(c, lazy)
		if err != nil {
			return err
		}
		flush(c, sync)
		c.Out.OK()
		return nil
	}
	// The keys are gone at once, and their memory is given back before the reply.
	s.Apart = func(c *command.Ctx) error {
		c.Tx.LockAll()
		flush(c, false)
		c.Tx.Unlock()
		c.Tx.EmptyTrash(func() bool { return !c.Abandoned() })
		c.Out.OK()
		return nil
	}
	return s
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
