//go:build linux || darwin

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/curfewkv/curfew/internal/bench"
)

// benchFlags is what the user asks of one `curfew bench`.
type benchFlags struct {
	quick                bool
	rounds               int
	background, fill     int
	addr, peerAddr       string
	peerPath, curfewPath string
	benchmarkPath        string
	alone                bool
	serverCore           int
	driverCore           int
	config               []string
	jsonFile, reportFile string
}

// errNotMeasured ends a run whose table has gaps. A missed goal is a result, not an error.
var errNotMeasured = errors.New("not everything could be measured")

func newBenchCommand() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench [SCENARIO]...",
		Short: "Measure this server side by side with redis-server",
		Long: `Measure this server side by side with the redis-server on the path: what requests cost, memory per key, punctuality of
expirations, stalls, eviction. Both are started afresh for every measurement, with the same configuration, pinned to one
core, the driver to another, and take turns; medians are shown, beside the goal for each figure.

With redis-benchmark on the path the throughput scenario uses it as its driver. Real-time priority for the driver (root,
or CAP_SYS_NICE) keeps its own noise out of the bystanders' figures.

Scenarios:

` + scenarioList(),
		Example: `  curfew bench
  curfew bench --quick
  curfew bench lag storm --rounds 1
  curfew bench lag --background 10000000
  curfew bench throughput --addr 127.0.0.1:6379 --peer-addr 127.0.0.1:6380
  curfew bench --report docs/benchmarks-server.md --json benchmarks.json`,
		ValidArgs:    scenarioNames(),
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			// Servers that were started, and settings that were changed, are put back after ^C too.
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runBench(ctx, cmd.OutOrStdout(), args, cmd.Flags().Changed, &f)
		},
	}
	f.register(cmd)
	cmd.AddCommand(&cobra.Command{ // what bench starts for itself
		Use: "bystander ADDR INTERVAL", Hidden: true, Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error { return bench.Bystander(args, os.Stdin, os.Stdout) },
	})
	return cmd
}

func (f *benchFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.BoolVar(&f.quick, "quick", false, "smaller scenarios, about two minutes for all of them")
	fl.IntVar(&f.rounds, "rounds", 3, "measurements of each figure (with --quick: 1)")
	fl.IntVar(&f.background, "background", bench.Full().Background, "keys beside those of the lag scenario")
	fl.IntVar(&f.fill, "fill", bench.Full().Fill, "keys of the fill scenario")
	fl.StringVar(&f.addr, "addr", "", "measure the server that runs here instead of starting one; its data is DELETED")
	fl.StringVar(&f.peerAddr, "peer-addr", "", "likewise for the peer; its data is DELETED")
	fl.StringVar(&f.peerPath, "redis-server", "redis-server", "the peer's program")
	fl.StringVar(&f.curfewPath, "curfew", "", "program to measure, started as PROGRAM serve (default: this one)")
	fl.StringVar(&f.benchmarkPath, "redis-benchmark", "redis-benchmark", "driver for the throughput scenario; empty: curfew's own")
	fl.BoolVar(&f.alone, "alone", false, "measure without a peer")
	fl.IntVar(&f.serverCore, "server-core", 0, "core for the servers (-1: any)")
	fl.IntVar(&f.driverCore, "driver-core", 1, "core for the driver (-1: any)")
	fl.StringArrayVar(&f.config, "config", nil, `setting for both servers, such as "hz 100"`)
	fl.StringVar(&f.jsonFile, "json", "", "write every figure as JSON to this file (- for standard output)")
	fl.StringVar(&f.reportFile, "report", "", "write the results as a Markdown page to this file")
}

func scenarioNames() []string {
	var names []string
	for _, s := range bench.Scenarios(bench.Full()) {
		names = append(names, s.Name())
	}
	return names
}

// scenarioList describes the scenarios for the help text.
func scenarioList() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, s := range bench.Scenarios(bench.Full()) {
		fmt.Fprintf(w, "  %s\t%s\n", s.Name(), s.Short())
	}
	_ = w.Flush() // a strings.Builder does not fail
	return b.String()
}

// sizes returns the scenarios' sizes; changed says which flags the user gave.
func (f *benchFlags) sizes(changed func(string) bool) bench.Sizes {
	s := bench.Full()
	if f.quick {
		s = bench.Quick()
		if !changed("rounds") {
			f.rounds = 1
		}
	}
	if changed("background") {
		s.Background = f.background
	}
	if changed("fill") {
		s.Fill = f.fill
	}
	if path, err := exec.LookPath(f.benchmarkPath); err == nil {
		s.Tool = path
	}
	return s
}

// contenders returns the server to measure and, unless told otherwise, its peer.
func (f *benchFlags) contenders() ([]bench.Launcher, error) {
	config := bench.DefaultConfig()
	for _, setting := range f.config {
		name, value, _ := strings.Cut(setting, " ")
		config = append(config, "--"+name, value)
	}
	program := func(label, path string, args ...string) bench.Launcher {
		return &bench.Program{Label: label, Path: path, Args: args, Core: f.serverCore, Config: config}
	}
	var all []bench.Launcher
	if f.addr != "" {
		all = append(all, &bench.Running{Label: "curfew", Addr: f.addr})
	} else {
		path := f.curfewPath
		if path == "" {
			var err error
			if path, err = os.Executable(); err != nil {
				return nil, fmt.Errorf("find this program: %w", err)
			}
		}
		all = append(all, program("curfew", path, "serve"))
	}
	switch {
	case f.alone:
	case f.peerAddr != "":
		all = append(all, &bench.Running{Label: "redis-server", Addr: f.peerAddr})
	default:
		path, err := exec.LookPath(f.peerPath)
		if err != nil {
			return nil, fmt.Errorf("%w (--redis-server names the peer, --alone does without)", err)
		}
		all = append(all, program("redis-server", path))
	}
	return all, nil
}

func runBench(ctx context.Context, out io.Writer, names []string, changed func(string) bool, f *benchFlags) error {
	scenarios, err := bench.Select(bench.Scenarios(f.sizes(changed)), names)
	if err != nil {
		return err
	}
	contenders, err := f.contenders()
	if err != nil {
		return err
	}
	if f.rounds < 1 {
		return errors.New("--rounds must be at least 1")
	}
	if runtime.NumCPU() < 2 {
		return errors.New("two cores are needed, one for the server and one for the driver (-1 for either takes any)")
	}
	if err := bench.PinSelf(f.driverCore); err != nil {
		return err
	}
	suite := bench.Suite{Scenarios: scenarios, Contenders: contenders, Rounds: f.rounds, Progress: progressBar,
		Done: func(o *bench.Outcome) { fmt.Fprintf(os.Stderr, "%s: done\n", o.Scenario) }}
	report, err := suite.Run(ctx)
	report.Quick, report.Command, report.Placement = f.quick, bench.CommandLine(os.Args[1:]), f.placement()
	if err != nil { // interrupted: show what there is, but publish none of it
		return errors.Join(err, report.WriteTable(out))
	}
	return f.write(out, report)
}

// write puts the report where the user wants it.
func (f *benchFlags) write(out io.Writer, report *bench.Report) error {
	if f.jsonFile != "-" {
		if err := report.WriteTable(out); err != nil {
			return err
		}
	}
	if err := writeJSON(out, f.jsonFile, report); err != nil {
		return err
	}
	if f.reportFile != "" {
		var page strings.Builder
		if err := report.WriteMarkdown(&page); err != nil {
			return err
		}
		if err := os.WriteFile(f.reportFile, []byte(page.String()), 0o644); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	if report.Failed() {
		return errNotMeasured
	}
	return nil
}

// placement says where everything ran.
func (f *benchFlags) placement() string {
	core := func(n int) string {
		if n < 0 {
			return "on any core"
		}
		return fmt.Sprintf("on core %d", n)
	}
	if f.addr != "" || f.peerAddr != "" {
		return fmt.Sprintf("servers that were running before: as they were; others %s; driver %s", core(f.serverCore), core(f.driverCore))
	}
	return fmt.Sprintf("servers %s, driver %s, loopback", core(f.serverCore), core(f.driverCore))
}
