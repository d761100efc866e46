package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/leak"
	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/quantity"
)

func newTTLDemoLeakCommand() *cobra.Command {
	o := leak.Defaults()
	var servers connect.Options
	var iKnow, asJSON bool
	memory, ttl, jitter := "64mb", quantity.Duration(o.TTL), quantity.Percent(o.Jitter)
	cmd := &cobra.Command{
		Use:   "demo-leak",
		Short: "See a missing TTL fill a server, the alarms, the fix, and memory fall, in half a minute",
		Long: `A small service writes sessions and forgets their TTL. The alarm on keys without a TTL fires within seconds; it is ignored, until
memory runs short as well. Then the keys get their TTL by curfew ttl fix, and memory falls to what living sessions need.

It happens on a server of its own, which is started for this and thrown away. To let it happen on another one, give its address
and --i-know: it takes the memory, writes curfew-demo:session:* keys, and they are gone at the end.`,
		Args: cobra.NoArgs,
		RunE: tool(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			budget, err := quantity.ParseBytes(memory)
			if err != nil || budget > 1<<40 {
				return fmt.Errorf("--memory %s: want a size such as 64mb", memory)
			}
			run := o
			run.Budget, run.TTL, run.Jitter, run.Out, run.Quiet = budget, ttl.Value(), float64(jitter), cmd.OutOrStdout(), asJSON
			if run.Command, run.Target, err = leakServer(ctx, cmd, servers, iKnow); err != nil {
				return err
			}
			if run.Target != nil {
				defer run.Target.Close()
			}
			summary, err := leak.Run(ctx, run)
			if err != nil {
				return err
			}
			if asJSON {
				return output.JSON(cmd.OutOrStdout(), summary)
			}
			return summary.Text(cmd.OutOrStdout())
		}),
	}
	flags := cmd.Flags()
	servers.AddFlags(flags)
	flags.BoolVar(&iKnow, "i-know", false, "use the server that --addr or --url names")
	flags.IntVar(&o.Rate, "rate", o.Rate, "sessions a second")
	flags.IntVar(&o.Value, "value", o.Value, "bytes of a session")
	flags.Int64Var(&o.Alarm, "alarm", o.Alarm, "keys without a TTL that raise the alarm")
	flags.StringVar(&memory, "memory", memory, "memory that the sessions may take; over 80% of it is the other alarm")
	flags.Var(&ttl, "ttl", "TTL that sessions should have had")
	flags.Var(&jitter, "jitter", "share by which TTLs are moved up or down")
	flags.BoolVar(&asJSON, "json", false, "print only the summary, as JSON")
	return cmd
}

// leakServer is how to start a server, or the one that was named.
func leakServer(ctx context.Context, cmd *cobra.Command, servers connect.Options, iKnow bool) ([]string, *connect.Target, error) {
	named := cmd.Flags().Changed("addr") || cmd.Flags().Changed("url")
	switch {
	case named && !iKnow:
		return nil, nil, errors.New("this fills the memory of the server that you name; say --i-know, or name none")
	case iKnow && !named:
		return nil, nil, errors.New("--i-know is for --addr or --url")
	case named:
		target, err := connect.Open(ctx, servers)
		return nil, target, err
	}
	self, err := os.Executable()
	return []string{self, "serve"}, nil, err
}
