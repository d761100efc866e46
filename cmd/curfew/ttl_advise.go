package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/curfewkv/curfew/internal/toolkit/advise"
	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/output"
)

// adviseFlags are what the user asks of one `curfew ttl advise`.
type adviseFlags struct {
	connect connect.Options
	options advise.Options
	json    bool
	fail    bool
	quiet   bool
}

func newTTLAdviseCommand() *cobra.Command {
	var f adviseFlags
	cmd := &cobra.Command{
		Use:   "advise",
		Short: "Say which policy, memory limit and lifetimes fit the keys that are there",
		Long: `Say which eviction policy, memory limit and samples fit, and for each prefix whether its keys should end by TTL, by
explicit invalidation, or by both. It judges from INFO, a sample of keys as curfew ttl audit takes it, and what happens to
some of them while it watches. Each piece of advice comes with the figures that it rests on. Nothing is changed.

What must not be lost, and how fresh data must be, is not visible from outside: read the reasons before you follow.`,
		Example: `  curfew ttl advise -a 10.0.0.1:6379
  curfew ttl advise -u rediss://user@redis.example.com:6380 --watch 5m --json`,
		Args: cobra.NoArgs,
		RunE: tool(func(ctx context.Context, cmd *cobra.Command, _ []string) error { return f.run(ctx, cmd) }),
	}
	flags := cmd.Flags()
	f.connect.AddFlags(flags)
	durationVar(flags, &f.options.Watch, "watch", 10*time.Second, "how long to watch keys for removals and renewals")
	flags.IntVar(&f.options.Keys, "keys", 2000, "how many keys to watch")
	flags.IntVar(&f.options.Audit.Samples, "samples", 0, "keys to draw for the figures (default 20000)")
	flags.IntVar(&f.options.Audit.Rows, "rows", 12, "prefixes to advise on")
	flags.StringSliceVar(&f.options.Audit.Prefixes, "prefix", nil, "advise on these patterns instead of finding prefixes")
	flags.BoolVar(&f.json, "json", false, "write JSON")
	flags.BoolVar(&f.fail, "fail", false, "exit with status 1 when something should be changed")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress bar")
	return cmd
}

func (f *adviseFlags) run(ctx context.Context, cmd *cobra.Command) error {
	switch {
	case f.options.Watch < time.Second:
		return fmt.Errorf("--watch %v: at least a second", f.options.Watch)
	case f.options.Keys < 1 || f.options.Keys > 1_000_000:
		return fmt.Errorf("--keys %d: from 1 to 1,000,000", f.options.Keys)
	}
	target, err := connect.Open(ctx, f.connect)
	if err != nil {
		return err
	}
	defer target.Close()
	f.options.Audit.Progress = func(what string, n int64) *output.Progress {
		return output.NewProgress(cmd.ErrOrStderr(), what, n, f.quiet)
	}
	facts, err := advise.Collect(ctx, target, f.options)
	if err != nil {
		return err
	}
	all := advise.For(facts)
	if f.json {
		err = output.JSON(cmd.OutOrStdout(), all)
	} else {
		err = advise.Write(cmd.OutOrStdout(), all, min(width(cmd.OutOrStdout()), 120))
	}
	if err != nil {
		return err
	}
	if n := advise.Open(all); f.fail && n > 0 {
		return output.Findingf("advice to follow: %d", n)
	}
	return nil
}
