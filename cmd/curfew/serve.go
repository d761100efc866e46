//go:build linux || darwin

package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/server"
)

// serverCommands are those that need the server, or a system on which it runs.
func serverCommands() []*cobra.Command {
	return []*cobra.Command{newServeCommand(), newBenchCommand(), newDocsCommand()}
}

// newServeCommand starts the server. It takes redis-server's own arguments, so cobra does not parse them.
func newServeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve [redis.conf] [--key value ...]",
		Short: "Start the server, with redis-server's arguments",
		Example: `  curfew serve
  curfew serve --port 7000 --maxmemory 2gb --maxmemory-policy allkeys-lru
  curfew serve /etc/redis/redis.conf --port 7000`,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && (args[0] == "--help" || args[0] == "-h") {
				return cmd.Help()
			}
			if len(args) == 1 && (args[0] == "--version" || args[0] == "-v") {
				fmt.Fprintln(cmd.OutOrStdout(), "curfew version", version())
				return nil
			}
			return serve(args)
		},
	}
}

// signalNames are those of the signals that end the server.
var signalNames = map[os.Signal]string{syscall.SIGTERM: "SIGTERM", syscall.SIGINT: "SIGINT"}

func serve(args []string) error {
	s, err := server.New(args)
	var load *config.LoadError
	if errors.As(err, &load) {
		fmt.Fprintln(os.Stderr, load.Fatal())
		return exitError(1)
	}
	if err != nil {
		return err
	}
	// A terminal that closes, and a log that nobody reads any more, end no server. With SIGPIPE ignored the write of a log
	// line fails instead.
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)
	stopped := make(chan struct{})
	defer close(stopped)
	go func() {
		for {
			select {
			case sig := <-signals:
				s.StopOn(signalNames[sig])
			case <-stopped:
				return
			}
		}
	}()
	return s.Run()
}
