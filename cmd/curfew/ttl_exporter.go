package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/exporter"
	"github.com/curfewkv/curfew/internal/toolkit/reading"
)

// exporterFlags is what the user asks of one `curfew ttl exporter`.
type exporterFlags struct {
	connect    connect.Options
	sampler    reading.SamplerOptions
	noSampler  bool
	listen     string
	deadline   time.Duration
	clockEvery time.Duration
	targets    []string
}

func newTTLExporterCommand() *cobra.Command {
	var f exporterFlags
	cmd := &cobra.Command{
		Use:   "exporter",
		Short: "Serve what servers say of lifetimes, memory and clocks to Prometheus",
		Long: `Serve what servers say of lifetimes, memory and clocks to Prometheus, under redis_exporter's names where it has one.

A scrape is one INFO for each node that --addr leads to (primaries and replicas), all at the same time: it costs the same
with ten keys and with a billion. Which prefixes have keys without TTL is found by a slow sample in the background
(--sample-*), through replicas where there are any, and clocks are compared every --clock-every. A node that does not answer
within --deadline has redis_up 0, and holds no other up.

/scrape?target=redis://host:port answers for other servers, but only those named with --scrape-target.`,
		Example: `  curfew ttl exporter --addr redis-1:6379
  curfew ttl exporter --sentinel-master mymaster --addr s1:26379,s2:26379,s3:26379 --listen 127.0.0.1:9122
  curfew ttl exporter --scrape-target redis-1:6379 --scrape-target redis-2:6379 --no-sampler`,
		Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: tool(func(ctx context.Context, cmd *cobra.Command, _ []string) error { return runExporter(ctx, cmd, f) }),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", ":9122", "address to serve on")
	durationVar(flags, &f.deadline, "deadline", 5*time.Second, "how long a scrape waits for a node; less, if Prometheus says that it waits less")
	durationVar(flags, &f.clockEvery, "clock-every", time.Minute, "time between comparisons of the clocks; 0: none")
	flags.StringArrayVar(&f.targets, "scrape-target", nil, "server that /scrape?target= may name, as host:port; repeat for more")
	flags.BoolVar(&f.noSampler, "no-sampler", false, "do not look at keys: no prefixes")
	addSamplerFlags(flags, &f.sampler)
	f.connect.AddFlags(flags)
	allDatabases(flags)
	return cmd
}

// addSamplerFlags are those of the tools that walk over keys in the background.
func addSamplerFlags(flags *pflag.FlagSet, o *reading.SamplerOptions) {
	flags.IntVar(&o.Size, "sample-size", 20_000, "keys to look at for one sample of prefixes")
	flags.Float64Var(&o.Rate, "sample-rate", 1000, "keys a second to look at")
	durationVar(flags, &o.Every, "sample-every", time.Minute, "time from one sample to the next")
	flags.IntVar(&o.Top, "sample-top", 10, "prefixes to show")
	flags.StringVar(&o.State, "state", "", "file that keeps where the walk over a replica's keys is, for the next start")
}

// allDatabases makes --all-dbs the default: what watches a server watches all of it.
func allDatabases(flags *pflag.FlagSet) {
	flag := flags.Lookup("all-dbs")
	_ = flag.Value.Set("true") // a bool takes it
	flag.DefValue = "true"
}

func checkSampler(o reading.SamplerOptions) error {
	switch {
	case o.Size < 100 || o.Size > 10_000_000:
		return fmt.Errorf("--sample-size %d: 100 to 10000000", o.Size)
	case o.Rate <= 0:
		return fmt.Errorf("--sample-rate %v: must be above 0", o.Rate)
	case o.Every < time.Second:
		return fmt.Errorf("--sample-every %v: at least 1s", o.Every)
	case o.Top < 1 || o.Top > 1000:
		return fmt.Errorf("--sample-top %d: 1 to 1000", o.Top)
	}
	return nil
}

func (f exporterFlags) check() error {
	switch {
	case f.deadline < 10*time.Millisecond:
		return fmt.Errorf("--deadline %v: at least 10ms", f.deadline)
	case f.clockEvery != 0 && f.clockEvery < time.Second:
		return fmt.Errorf("--clock-every %v: at least 1s, or 0 for never", f.clockEvery)
	}
	for _, target := range f.targets {
		if _, _, err := net.SplitHostPort(target); err != nil || strings.Contains(target, "/") {
			return fmt.Errorf("--scrape-target %s: must be host:port", target)
		}
	}
	return checkSampler(f.sampler)
}

func runExporter(ctx context.Context, cmd *cobra.Command, f exporterFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	if err := f.connect.Check(); err != nil {
		return err
	}
	options := exporter.Options{Connect: f.connect, Deadline: f.deadline, ClockEvery: f.clockEvery, Targets: f.targets}
	if !f.noSampler {
		sampler, err := reading.NewSampler(f.sampler)
		if err != nil {
			return err
		}
		options.Sampler = sampler
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", f.listen, err)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "serving metrics on http://%s/metrics\n", listener.Addr())
	e := exporter.New(options)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var background sync.WaitGroup
	defer background.Wait()
	background.Go(func() { e.Run(ctx) })
	err = serveHTTP(ctx, listener, e.Handler())
	cancel()
	return err
}

// serveHTTP serves until ctx ends, and lets answers that are under way be finished.
func serveHTTP(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		within, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(within)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	}
	return <-stopped
}
