package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/skew"
)

// clockFlags is what the user asks of one `curfew ttl clock`.
type clockFlags struct {
	connect   connect.Options
	nodes     []string
	sentinels bool
	nodesOnly bool
	max       time.Duration
	samples   int
	watch     bool
	every     time.Duration
	json      bool
	textfile  string
}

func newTTLClockCommand() *cobra.Command {
	var f clockFlags
	cmd := &cobra.Command{
		Use:   "clock",
		Short: "Compare the clocks of servers with each other and with this host",
		Long: `Compare the clocks of servers with each other and with this host.

Each clock is asked several times; the reading with the shortest round trip counts, taken at its middle. Half of that round
trip is the bound of the error: a skew is called exceeded only when it is even at the favourable end of the bound, and
"perhaps" when the limit lies within it.

Without --nodes, the primaries and replicas that --addr leads to are compared. Exit status 1: a skew is certainly above
--max. A node that does not answer is shown, and is no failure as long as two clocks of the nodes are left to compare (one,
if only one was asked for, which is then compared with this host).`,
		Example: `  curfew ttl clock --nodes redis-1:6379,redis-2:6379,redis-3:6379 --max 5s
  curfew ttl clock --addr 127.0.0.1:7000 --json
  curfew ttl clock --sentinel-master mymaster --addr s1:26379,s2:26379 --sentinels
  curfew ttl clock --nodes redis-1,redis-2 --watch --every 1h --textfile /var/lib/node_exporter/redis_clock.prom`,
		Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: tool(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return runClock(ctx, cmd.OutOrStdout(), f)
		}),
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.nodes, "nodes", nil, "servers to compare, as host:port; Sentinels too (default: those that --addr leads to)")
	flags.BoolVar(&f.sentinels, "sentinels", false, "with --sentinel-master: compare the Sentinels' clocks as well")
	flags.BoolVar(&f.nodesOnly, "nodes-only", false, "judge the nodes against each other, and not against this host")
	durationVar(flags, &f.max, "max", 5*time.Second, "skew that is allowed")
	flags.IntVar(&f.samples, "samples", 8, "readings of each clock")
	flags.BoolVar(&f.watch, "watch", false, "measure again and again")
	durationVar(flags, &f.every, "every", time.Hour, "with --watch: time between measurements")
	flags.BoolVar(&f.json, "json", false, "write JSON")
	flags.StringVar(&f.textfile, "textfile", "", "write the figures for Prometheus to this file, as node_exporter's textfile collector reads them")
	f.connect.AddFlags(flags)
	return cmd
}

func (f clockFlags) check() error {
	switch {
	case f.max <= 0:
		return fmt.Errorf("--max %v: must be above 0", f.max)
	case f.samples < 1 || f.samples > 1000:
		return fmt.Errorf("--samples %d: 1 to 1000", f.samples)
	case f.every < time.Second:
		return fmt.Errorf("--every %v: at least 1s", f.every)
	case len(f.nodes) > 0 && (f.connect.URL != "" || len(f.connect.Addrs) > 0):
		return errors.New("--nodes and --addr or --url say the same thing: give one of them")
	case f.sentinels && f.connect.SentinelMaster == "":
		return errors.New("--sentinels needs --sentinel-master")
	}
	for i, n := range f.nodes {
		if n == "" {
			return errors.New("--nodes: an address is empty")
		}
		if slices.Contains(f.nodes[:i], n) {
			return fmt.Errorf("--nodes: %s is there twice", n)
		}
	}
	return nil
}

func runClock(ctx context.Context, w io.Writer, f clockFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	if !f.watch {
		return f.once(ctx, w)
	}
	ticker := time.NewTicker(f.every)
	defer ticker.Stop()
	for {
		err := f.once(ctx, w)
		if ctx.Err() != nil {
			return nil // it was asked to watch until it is stopped
		}
		if err != nil {
			// A watch outlives what it sees; the next measurement may be better.
			fmt.Fprintf(w, "%s %v\n", time.Now().UTC().Format(time.RFC3339), err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// once measures once. The topology is asked for each time: a failover may have changed it.
func (f clockFlags) once(ctx context.Context, w io.Writer) error {
	nodes, closeAll, err := f.find(ctx)
	if err != nil {
		return err
	}
	defer closeAll()
	measured := skew.Measure(ctx, nodes, f.samples)
	if err := ctx.Err(); err != nil {
		return err
	}
	report := skew.NewReport(nodes, measured, f.max, skew.Judge(measured, f.max, !f.nodesOnly))
	if f.textfile != "" {
		if err := writeTextfile(f.textfile, skew.Figures{Report: measured}); err != nil {
			return fmt.Errorf("--textfile %s: %w", f.textfile, err)
		}
	}
	show := report.Table
	if f.json {
		show = func(w io.Writer) error { return output.JSON(w, report) }
	}
	if err := show(w); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	need := min(2, len(nodes))
	if f.nodesOnly {
		need = 2
	}
	switch {
	case report.State == skew.Exceeded:
		return output.Findingf("%s", report.Verdict())
	case report.Answered() < need:
		return fmt.Errorf("%d of %d nodes answered: not enough to compare", report.Answered(), len(nodes))
	}
	return nil
}

func (f clockFlags) find(ctx context.Context) ([]skew.Node, func(), error) {
	if len(f.nodes) > 0 {
		nodes, closeAll := skew.Named(ctx, f.connect, skew.RoleNode, f.nodes)
		return nodes, closeAll, nil
	}
	target, err := connect.Open(ctx, f.connect)
	if err != nil {
		return nil, nil, err
	}
	nodes, err := skew.Of(ctx, target)
	if err != nil {
		target.Close()
		return nil, nil, err
	}
	if !f.sentinels {
		return nodes, target.Close, nil
	}
	more, closeMore := skew.Named(ctx, f.connect.ForSentinels(), skew.RoleSentinel, f.connect.Addrs)
	return append(nodes, more...), func() { closeMore(); target.Close() }, nil
}

func writeTextfile(path string, figures prometheus.Collector) error {
	registry := prometheus.NewRegistry()
	if err := registry.Register(figures); err != nil {
		return err
	}
	return prometheus.WriteToTextfile(path, registry)
}
