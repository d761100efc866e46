package servercmd

import (
	"github.com/curfewkv/curfew/internal/command"
)

func memorySpec(d *Deps) *command.Spec {
	const perShard = "nondeterministic_output request_policy:all_shards response_policy:special"
	return &command.Spec{
		Name: "memory", Arity: -2, Group: "server", Since: "4.0.0", Complexity: "Depends on subcommand.",
		Summary: "Groups the commands that look into the use of memory.",
		Subcommands: []*command.Spec{
			{
				Name: "usage", Arity: -3, Flags: command.ReadOnly, Since: "4.0.0", Complexity: "O(1)",
				Keys:    command.Keys{First: 2, Last: 2, Step: 1, Flags: "RO"},
				Summary: "Tells how many bytes a key and its value take.", Syntax: "key [SAMPLES count]",
				Run: memoryUsage,
			},
			{
				Name: "stats", Arity: 2, Flags: command.AllShards, Since: "4.0.0", Complexity: "O(1)",
				Summary: "Shows what takes how much memory.", Tips: perShard,
				Run: func(c *command.Ctx) error {
					writeFigures(c, d.Memory(c.Tx))
					return nil
				},
			},
			{
				Name: "doctor", Arity: 2, Flags: command.AllShards, Since: "4.0.0", Complexity: "O(1)",
				Summary: "Says in words what is wrong with the use of memory.", Tips: perShard,
				Run: func(c *command.Ctx) error {
					c.Out.Verbatim("txt", diagnose(d.Memory(c.Tx)))
					return nil
				},
			},
			{
				Name: "purge", Arity: 2, Since: "4.0.0", Complexity: "O(1)",
				Summary: "Gives free pages back to the system.", Tips: "request_policy:all_shards response_policy:all_succeeded",
				Run: func(c *command.Ctx) error {
					d.Purge()
					c.Out.OK()
					return nil
				},
			},
			{
				Name: "malloc-stats", Arity: 2, Since: "4.0.0", Complexity: "O(1)",
				Summary: "Shows the blocks and pages of the allocator.", Tips: perShard,
				Run: func(c *command.Ctx) error {
					c.Out.Verbatim("txt", d.AllocatorReport())
					return nil
				},
			},
			command.HelpSpec("MEMORY", command.Loading|command.Stale, "4.0.0",
				"DOCTOR",
				"    Report what is wrong with the use of memory.",
				"MALLOC-STATS",
				"    Figures of the allocator.",
				"PURGE",
				"    Give free pages back to the system.",
				"STATS",
				"    Figures of the memory in use.",
				"USAGE <key> [SAMPLES <count>]",
				"    The bytes that <key> and its value take, exactly. SAMPLES is accepted and",
				"    changes nothing.",
			),
		},
	}
}

func memoryUsage(c *command.Ctx) error {
	for i := 3; i < len(c.Args); i += 2 {
		if !c.Is(i, "SAMPLES") || i+1 == len(c.Args) {
			return command.ErrSyntax
		}
		n, err := c.Int(i + 1)
		if err != nil {
			return err
		}
		if n < 0 {
			return command.ErrSyntax
		}
	}
	en, ok := c.Tx.Peek(c.Args[2])
	if !ok {
		c.Out.Null()
		return nil
	}
	c.Out.Int(int64(en.Size()))
	return nil
}

func writeFigures(c *command.Ctx, figures []MemoryFigure) {
	c.Out.Map(len(figures))
	for _, f := range figures {
		c.Out.BulkString(f.Name)
		switch {
		case f.DB != nil:
			writeFigures(c, f.DB)
		case f.IsFloat:
			c.Out.Double(f.Float)
		default:
			c.Out.Int(f.Int)
		}
	}
}

// Bounds from which MEMORY DOCTOR speaks up, as Redis chose them.
const (
	doctorEmpty         = 5 << 20
	doctorPeakRatio     = 1.5
	doctorFragmentation = 1.4
	doctorFragBytes     = 10 << 20
	doctorClientBytes   = 200 << 10
)

// diagnose puts the figures of MEMORY STATS into words.
func diagnose(figures []MemoryFigure) string {
	at := map[string]MemoryFigure{}
	for _, f := range figures {
		at[f.Name] = f
	}
	total := at["total.allocated"].Int
	if total < doctorEmpty {
		return "This instance is empty or uses very little memory: there is nothing to diagnose.\n"
	}
	text := ""
	if float64(at["peak.allocated"].Int) > doctorPeakRatio*float64(total) {
		text += " * Peak memory: in the past this instance used more than 150% of the memory that it uses now. The pages that were freed were given back to the system.\n"
	}
	if at["fragmentation"].Float > doctorFragmentation && at["fragmentation.bytes"].Int > doctorFragBytes {
		text += " * High total RSS: the resident memory is more than 1.4 times what is in use. With activedefrag yes the sparse pages are emptied and given back.\n"
	}
	if n := at["clients.normal"].Int; n > doctorClientBytes && float64(n) > 0.5*float64(total) {
		text += " * Big client buffers: the buffers of clients take more than half of the memory in use. Look for large requests and slow readers with CLIENT LIST.\n"
	}
	if text == "" {
		return "No memory issue was found in this instance.\n"
	}
	return "Issues found in this instance's memory:\n\n" + text
}
