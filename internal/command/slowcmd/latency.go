package slowcmd

import "github.com/curfewkv/curfew/internal/command"

const latencyFlags = command.Admin | command.NoScript | command.Loading | command.Stale

// latencyTips are those of the subcommands that each node answers for itself.
const latencyTips = "nondeterministic_output request_policy:all_nodes response_policy:special"

func (d *Deps) latency() *command.Spec {
	sub := func(name string, arity int, summary, syntax string, run func(c *command.Ctx) error) *command.Spec {
		return &command.Spec{
			Name: name, Arity: arity, Flags: latencyFlags, Since: "2.8.13", Complexity: "O(1)", Tips: latencyTips,
			Summary: summary, Syntax: syntax, Run: run,
		}
	}
	histogram := sub("histogram", -2, "Shows how long the calls of commands took.", "[command [command ...]]", d.histogram)
	histogram.Since, histogram.Complexity = "7.0.0", "O(N) where N is the number of commands with latency information being retrieved."
	reset := sub("reset", -2, "Forgets what was sampled.", "[event [event ...]]", d.latencyReset)
	reset.Tips = "request_policy:all_nodes response_policy:agg_sum"
	return &command.Spec{
		Name: "latency", Arity: -2, Group: "server", Since: "2.8.13", Complexity: "Depends on subcommand.",
		Summary: "Groups the commands on what took long.",
		Subcommands: []*command.Spec{
			sub("doctor", 2, "Reports on what took long, with advice.", "", d.doctor),
			sub("graph", 3, "Draws an event's samples.", "event", d.graph),
			sub("history", 3, "Lists an event's samples.", "event", d.history),
			sub("latest", 2, "Lists the newest sample of each event.", "", d.latest),
			histogram, reset, latencyHelp,
		},
	}
}

var latencyHelp = command.HelpSpec("LATENCY", command.Loading|command.Stale, "2.8.13",
	"DOCTOR",
	"    Report on what took long, with advice.",
	"GRAPH <event>",
	"    Draw the samples of an event over their age.",
	"HISTORY <event>",
	"    List the samples of an event: unix time and milliseconds.",
	"LATEST",
	"    List the newest sample of each event, and its longest of all time.",
	"RESET [<event> ...]",
	"    Forget the samples of events, or of all.",
	"HISTOGRAM [COMMAND ...]",
	"    Show how many calls of commands, or of all, took how many microseconds at most.",
)

func (d *Deps) doctor(c *command.Ctx) error {
	c.Out.Verbatim("txt", d.Latency.Doctor(c.Now.Wall/1e9, d.Facts()))
	return nil
}

func (d *Deps) graph(c *command.Ctx) error {
	text, ok := d.Latency.Graph(string(c.Args[2]), c.Now.Wall/1e9)
	if !ok {
		return command.Errorf("ERR No samples available for event '%s'", c.Args[2])
	}
	c.Out.Verbatim("txt", text)
	return nil
}

func (d *Deps) history(c *command.Ctx) error {
	list, _ := d.Latency.History(string(c.Args[2]))
	c.Out.Array(len(list))
	for _, s := range list {
		c.Out.Array(2)
		c.Out.Int(s.Unix)
		c.Out.Int(s.Ms)
	}
	return nil
}

func (d *Deps) latest(c *command.Ctx) error {
	events := d.Latency.Latest()
	c.Out.Array(len(events))
	for _, e := range events {
		c.Out.Array(4)
		c.Out.BulkString(e.Event)
		c.Out.Int(e.Unix)
		c.Out.Int(e.Ms)
		c.Out.Int(e.MaxMs)
	}
	return nil
}

func (d *Deps) latencyReset(c *command.Ctx) error {
	var names []string
	for _, a := range c.Args[2:] {
		names = append(names, string(a))
	}
	c.Out.Int(int64(d.Latency.Reset(names...)))
	return nil
}
