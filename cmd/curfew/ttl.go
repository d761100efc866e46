package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/quantity"
)

// newTTLCommand is the toolkit: each tool has a file ttl_*.go, and a word in this list.
func newTTLCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ttl",
		Short: "Find, fix and watch the lifetimes of keys in any Redis, Valkey or Curfew",
		Long: `Find, fix and watch the lifetimes of keys, in any Redis, Valkey or Curfew: one server, a set with Sentinel, or a Cluster.

Exit status: 0 all is well; 1 something was found that --fail-if or the tool's purpose is about; 2 the tool could not do
its work, wrong flags included; 130 interrupted.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			cmd.SuggestionsMinimumDistance = 2
			near := ""
			if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
				near = "; did you mean " + strings.Join(like, " or ") + "?"
			}
			return fmt.Errorf("there is no tool %q%s", args[0], near)
		},
	}
	cmd.AddCommand(
		newTTLAdviseCommand(),
		newTTLAuditCommand(),
		newTTLClockCommand(),
		newTTLDemoLeakCommand(),
		newTTLExporterCommand(),
		newTTLFixCommand(),
		newTTLLintCommand(),
		newTTLPurgeCommand(),
		newTTLWatchCommand(),
	)
	return cmd
}

// isTool reports whether a command is curfew ttl, or one of its tools.
func isTool(cmd *cobra.Command) bool {
	for ; cmd != nil; cmd = cmd.Parent() {
		if cmd.Name() == "ttl" {
			return true
		}
	}
	return false
}

// tool makes a subcommand's Run: it ends on ^C, prints the error, and turns it into the exit status.
func tool(run func(ctx context.Context, cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		redis.SetLogger(silent{}) // what fails is in the errors
		err := run(ctx, cmd, args)
		if err == nil {
			return nil
		}
		text := err.Error()
		if output.ExitStatus(err) == output.ExitInterrupted {
			text = strings.ReplaceAll(text, context.Canceled.Error(), "interrupted")
		}
		fmt.Fprintln(cmd.ErrOrStderr(), "curfew ttl "+cmd.Name()+":", text)
		return exitError(output.ExitStatus(err))
	}
}

// durationVar declares a flag that takes days and weeks as well, as every duration of the tools does.
func durationVar(flags *pflag.FlagSet, d *time.Duration, name string, value time.Duration, usage string) {
	*d = value
	flags.Var((*quantity.Duration)(d), name, usage)
}

// silent takes the lines that go-redis would write to standard error beside a progress bar.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
