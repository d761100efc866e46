// Command curfew is a Redis-compatible server with exact key lifetimes, and the tools around it.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/curfewkv/curfew/internal/server"
)

// exitError carries an exit status; what went wrong was printed already.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// version is what --version prints, in redis-server's form as far as it applies.
func version() string {
	return fmt.Sprintf("%s, compatible with Redis %s, %s", server.CurfewVersion, server.Version, runtime.Version())
}

func main() {
	root := &cobra.Command{
		Use:           "curfew",
		Short:         "A Redis-compatible in-memory server in which every key goes exactly when it should",
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newServeCommand(), newBenchCommand(), newReplayCommand(), newTTLCommand(), newDocsCommand())
	err := root.Execute()
	var exit exitError
	switch {
	case errors.As(err, &exit):
		os.Exit(int(exit))
	case err != nil:
		fmt.Fprintln(os.Stderr, "curfew:", err)
		os.Exit(1)
	}
}
