//go:build !linux && !darwin

package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// serverCommands are those that need the server: here there is one, which says that it does not run.
func serverCommands() []*cobra.Command {
	return []*cobra.Command{{
		Use:                "serve",
		Short:              "Start the server (on Linux and macOS)",
		DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error {
			return fmt.Errorf("the server does not run on %s, but on Linux and macOS; the tools (curfew ttl) do", runtime.GOOS)
		},
	}}
}
