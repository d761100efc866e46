package servercmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/config"
)

const configFlags = command.Admin | command.NoScript | command.Loading | command.Stale

func configSpec(d *Deps) *command.Spec {
	return &command.Spec{
		Name: "config", Arity: -2, Group: "server", Since: "2.0.0", Complexity: "Depends on subcommand.",
		Summary: "Groups the commands that read and change the configuration.",
		Subcommands: []*command.Spec{
			{
				Name: "get", Arity: -3, Flags: configFlags, Since: "2.0.0",
				Complexity: "O(N), N being the number of keys of the configuration that are named",
				Summary:    "Reads keys of the configuration, by name or pattern.",
				Syntax:     "parameter [parameter ...]",
				Run:        func(c *command.Ctx) error { return configGet(c, d) },
			},
			{
				Name: "set", Arity: -4, Flags: configFlags, Since: "2.0.0",
				Complexity: "O(N), N being the number of keys of the configuration that are named",
				Summary:    "Changes keys of the configuration, all or none.",
				Syntax:     "parameter value [parameter value ...]",
				Tips:       "request_policy:all_nodes response_policy:all_succeeded",
				Run:        func(c *command.Ctx) error { return configSet(c, d) },
			},
			{
				Name: "rewrite", Arity: 2, Flags: configFlags, Since: "2.8.0", Complexity: "O(1)",
				Summary: "Writes the configuration back to its file.", Tips: "request_policy:all_nodes response_policy:all_succeeded",
				Run: func(c *command.Ctx) error {
					if err := d.Config.Rewrite(); err != nil {
						return wire(err)
					}
					c.Out.OK()
					return nil
				},
			},
			{
				Name: "resetstat", Arity: 2, Flags: configFlags | command.AllShards, Since: "2.0.0", Complexity: "O(1)",
				Summary: "Sets the counters of INFO back to zero.", Tips: "request_policy:all_nodes response_policy:all_succeeded",
				Run: func(c *command.Ctx) error {
					c.Tx.ResetCounts()
					d.ResetStats()
					c.Out.OK()
					return nil
				},
			},
			command.HelpSpec("CONFIG", command.Loading|command.Stale, "5.0.0",
				"GET <pattern>",
				"    Parameters that match <pattern>, and their values.",
				"SET <directive> <value>",
				"    Change a parameter.",
				"RESETSTAT",
				"    Zero the counters of INFO.",
				"REWRITE",
				"    Write the present values into the configuration file.",
			),
		},
	}
}

func configGet(c *command.Ctx, d *Deps) error {
	pairs := d.Config.Match(c.Args[2:]...)
	c.Out.Map(len(pairs))
	for _, p := range pairs {
		c.Out.BulkString(p.Name)
		c.Out.BulkString(p.Value)
	}
	return nil
}

func configSet(c *command.Ctx, d *Deps) error {
	args := c.Args[2:]
	if len(args)%2 != 0 {
		return command.ErrWrongArgs(c.Spec.Full)
	}
	pairs := make([][2][]byte, 0, len(args)/2)
	for i := 0; i < len(args); i += 2 {
		pairs = append(pairs, [2][]byte{args[i], args[i+1]})
	}
	from := config.Remote
	if c.Session.Local {
		from = config.Local
	}
	if err := d.Config.SetFrom(from, pairs...); err != nil {
		return wire(err)
	}
	c.Out.OK()
	return nil
}

// wire makes an error of the registry, whose text is the reply, a wire error.
func wire(err error) error { return command.Error(err.Error()) }
