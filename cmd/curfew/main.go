// Command curfew is a Redis-compatible server with exact key lifetimes, and the tools around it.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/curfewkv/curfew/internal/release"
	"github.com/curfewkv/curfew/internal/toolkit/output"
)

// exitError carries an exit status; what went wrong was printed already.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// version is what --version prints, in redis-server's form as far as it applies.
func version() string {
	return fmt.Sprintf("%s, compatible with Redis %s, %s", release.Version, release.Redis, runtime.Version())
}

func main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr)) }

// execute runs the program and returns its exit status.
func execute(args []string, out, messages io.Writer) int {
	root := &cobra.Command{
		Use:           "curfew",
		Short:         "A Redis-compatible in-memory server in which every key goes exactly when it should",
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newReplayCommand(), newTTLCommand())
	root.AddCommand(serverCommands()...)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(messages)
	ran, err := root.ExecuteC()
	var exit exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return int(exit)
	case isTool(ran):
		// What cobra refuses by itself: for the tools, a status of 1 is a finding.
		fmt.Fprintf(messages, "%s: %v (see %[1]s --help)\n", ran.CommandPath(), err)
		return output.ExitFailed
	}
	fmt.Fprintln(messages, "curfew:", err)
	return 1
}
