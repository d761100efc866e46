package servercmd

import "github.com/curfewkv/curfew/internal/command"

func shutdownSpec(d *Deps) *command.Spec {
	return &command.Spec{
		Name: "shutdown", Arity: -1,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale | command.NoMulti | command.AllowBusy,
		Group: "server", Since: "1.0.0", Complexity: "O(1), for nothing is saved",
		Summary: "Stops the server.",
		Syntax:  "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
		Run:     func(c *command.Ctx) error { return runShutdown(c, d) },
	}
}

func runShutdown(c *command.Ctx, d *Deps) error {
	var save, nosave, abort, other bool
	for i := 1; i < len(c.Args); i++ {
		switch {
		case c.Is(i, "NOSAVE"):
			nosave = true
		case c.Is(i, "SAVE"):
			save = true
		case c.Is(i, "NOW"), c.Is(i, "FORCE"):
			other = true
		case c.Is(i, "ABORT"):
			abort = true
		default:
			return command.ErrSyntax
		}
	}
	switch {
	case save && nosave, abort && (save || nosave || other):
		return command.ErrSyntax
	case abort:
		return command.Error("ERR No shutdown in progress.")
	case save:
		return command.Error("ERR Errors trying to SHUTDOWN. This server keeps its data in memory only; use NOSAVE.")
	}
	c.CloseAfter = true
	d.Shutdown()
	return nil
}
