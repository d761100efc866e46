package slowcmd

import (
	"math"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/slowlog"
	"github.com/curfewkv/curfew/resp/number"
)

const slowlogFlags = command.Admin | command.Loading | command.Stale

// defaultCount is how many entries SLOWLOG GET shows when it is not told.
const defaultCount = 10

const errCount command.Error = "ERR count should be greater than or equal to -1"

func (d *Deps) slowlog() *command.Spec {
	return &command.Spec{
		Name: "slowlog", Arity: -2, Group: "server", Since: "2.2.12", Complexity: "Depends on subcommand.",
		Summary: "Groups the commands on the slow log.",
		Subcommands: []*command.Spec{
			{
				Name: "get", Arity: -2, Flags: slowlogFlags, Since: "2.2.12", Complexity: "O(N) where N is the number of entries returned",
				Tips: "request_policy:all_nodes nondeterministic_output", Summary: "Shows the newest entries of the slow log.",
				Syntax: "[count:integer]", Run: d.slowlogGet,
			},
			{
				Name: "len", Arity: 2, Flags: slowlogFlags, Since: "2.2.12", Complexity: "O(1)",
				Tips:    "request_policy:all_nodes response_policy:agg_sum nondeterministic_output",
				Summary: "Counts the entries of the slow log.",
				Run: func(c *command.Ctx) error {
					c.Out.Int(int64(d.Slowlog.Len()))
					return nil
				},
			},
			{
				Name: "reset", Arity: 2, Flags: slowlogFlags, Since: "2.2.12", Complexity: "O(N) where N is the number of entries in the slowlog",
				Tips: "request_policy:all_nodes response_policy:all_succeeded", Summary: "Empties the slow log.",
				Run: func(c *command.Ctx) error {
					d.Slowlog.Reset()
					c.Out.OK()
					return nil
				},
			},
			slowlogHelp,
		},
	}
}

var slowlogHelp = command.HelpSpec("SLOWLOG", command.Loading|command.Stale, "6.2.0",
	"GET [<count>]",
	"    Show the <count> newest entries (default: 10, -1: all). An entry has",
	"    an id, the unix time, the duration in microseconds, the arguments,",
	"    the client's address and its name.",
	"LEN",
	"    Count the entries.",
	"RESET",
	"    Empty the log.",
)

func (d *Deps) slowlogGet(c *command.Ctx) error {
	count := int64(defaultCount)
	switch len(c.Args) {
	case 2:
	case 3:
		var ok bool
		if count, ok = number.ParseInt64(c.Args[2]); !ok || count < -1 {
			return errCount
		}
	default:
		return command.ErrSubcommandSyntax(c.Args[1], "SLOWLOG")
	}
	entries := d.Slowlog.Get(int(min(count, math.MaxInt32)))
	c.Out.Array(len(entries))
	for i := range entries {
		writeEntry(c, &entries[i])
	}
	return nil
}

func writeEntry(c *command.Ctx, e *slowlog.Entry) {
	c.Out.Array(6)
	c.Out.Int(e.ID)
	c.Out.Int(e.Unix)
	c.Out.Int(e.Micros)
	c.Out.Array(len(e.Args))
	for _, a := range e.Args {
		c.Out.BulkString(a)
	}
	c.Out.BulkString(e.Addr)
	c.Out.BulkString(e.Name)
}
