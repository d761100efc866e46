package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/curfewkv/curfew/internal/trace"
	"github.com/curfewkv/curfew/internal/trace/replay"
)

// replayFlags is what the user asks of one `curfew replay`.
type replayFlags struct {
	options replay.Options

	addr, compare             string
	policies, comparePolicies []string
	maxmemory, format         string
	mixFile, mixCluster       string
	flush                     bool
	jsonFile                  string
}

func newReplayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay TRACE",
		Short: "Replay a recorded trace against a server and report hits, memory and speed",
		Long: `Replay a recorded trace of cache traffic against a running server, Curfew or Redis, as a read-through cache's clients
would: GET, and after a miss SET with the object's size and lifetime. Prints the hit ratio, evictions, expirations and
memory; with --compare or several policies, side by side.

The trace may be packed with gzip, zstd or xz; its format is detected. Formats:

` + formatList() + `
Requests for one key keep their order; pipelines and connections let other keys overtake by a few places, which is worth
less than 0.1 points of hit ratio. The pace is worth more: Redis's LRU tells accesses apart by whole seconds, so that a
trace of hours replayed within seconds leaves it nearly blind (OLTP in 6 MB: 73.0% hits at 18,000 requests/s, 71.7% at
250,000, 70.3% at 500,000). Compare at one pace, --rate or --speed, when that matters.`,
		Example: `  curfew replay OLTP.lis.zst --addr 127.0.0.1:6379 --maxmemory 8mb --policy allkeys-lru --flush
  curfew replay OLTP.lis.zst --maxmemory 8mb --flush --policy allkeys-s3fifo \
      --compare 127.0.0.1:6380 --compare-policy allkeys-lru,allkeys-lfu
  curfew replay web07.trace.xz --ttl-mix twitter_2020Mar_stat.csv --ttl-scale 0.001 --json result.json`,
		Args:         cobra.ExactArgs(1),
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			// Servers that were started, and settings that were changed, are put back after ^C too.
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runReplay(ctx, cmd.OutOrStdout(), args[0], &f)
		},
	}
	f.register(cmd)
	return cmd
}

func (f *replayFlags) register(cmd *cobra.Command) {
	o, fl := &f.options, cmd.Flags()
	fl.StringVar(&f.addr, "addr", "127.0.0.1:6379", "server to replay against")
	fl.StringVar(&f.compare, "compare", "", "second server, replayed against after the first")
	fl.StringSliceVar(&f.policies, "policy", nil, "maxmemory-policy to set; several give a run each (needs --flush)")
	fl.StringSliceVar(&f.comparePolicies, "compare-policy", nil, "policies for the second server (default: those of --policy)")
	fl.StringVar(&f.maxmemory, "maxmemory", "", "maxmemory to set, such as 100mb")
	fl.StringVar(&f.format, "format", "", "the trace's format, where detection is wrong")
	fl.BoolVar(&f.flush, "flush", false, "FLUSHALL before each run")
	fl.StringVar(&f.jsonFile, "json", "", "write the results as JSON to this file (- for standard output)")
	fl.Int64Var(&o.Requests, "requests", 0, "stop after so many requests (0: the whole trace)")
	fl.IntVar(&o.Concurrency, "concurrency", 1, "connections")
	fl.IntVar(&o.Pipeline, "pipeline", 32, "most requests sent at once over a connection")
	fl.IntVar(&o.ValueSize, "value-size", trace.NoSize,
		fmt.Sprintf("bytes in every value (default: the trace's sizes, %d where it has none)", replay.DefaultValueSize))
	fl.IntVar(&o.MaxValueSize, "max-value-size", 1<<20, "cut longer values to this length")
	fl.DurationVar(&o.TTL, "ttl", 0, "lifetime of objects for which the trace names none")
	fl.StringVar(&f.mixFile, "ttl-mix", "", "CSV with a ttl_mix column: deal such lifetimes, by key, where the trace names none")
	fl.StringVar(&f.mixCluster, "ttl-cluster", "", "take only this cluster's row of --ttl-mix")
	fl.Float64Var(&o.TTLScale, "ttl-scale", 0, "multiply lifetimes by it (default: 1, or 1/speed)")
	fl.Float64Var(&o.Speed, "speed", 0, "pace: 1 is the trace's own, 10 ten times that, 0 as fast as possible")
	fl.Float64Var(&o.Rate, "rate", 0, "pace for traces without times: requests per second (0: as fast as possible)")
	fl.DurationVar(&o.Sample, "sample", 10*time.Millisecond, "how often to look at used_memory (0: never)")
	cmd.MarkFlagsMutuallyExclusive("ttl", "ttl-mix")
	cmd.MarkFlagsMutuallyExclusive("speed", "rate")
}

// formatList describes the formats for the help text.
func formatList() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range trace.Formats() {
		fmt.Fprintf(w, "  %s\t%s\n", f.Name, f.Summary)
	}
	_ = w.Flush() // a strings.Builder does not fail
	return b.String()
}

// replayRun is one pass over the trace: a server, and a policy unless the server's own is to stay.
type replayRun struct{ addr, policy string }

func (f *replayFlags) runs() ([]replayRun, error) {
	first, second := f.policies, f.comparePolicies
	if f.compare == "" && len(second) > 0 {
		return nil, errors.New("--compare-policy needs --compare")
	}
	if len(first) == 0 {
		first = []string{""}
	}
	if len(second) == 0 {
		second = first
	}
	if !f.flush && (len(first) > 1 || len(second) > 1) {
		return nil, errors.New("several policies need --flush: each run must begin with an empty server")
	}
	var runs []replayRun
	for _, p := range first {
		runs = append(runs, replayRun{f.addr, p})
	}
	if f.compare != "" {
		for _, p := range second {
			runs = append(runs, replayRun{f.compare, p})
		}
	}
	return runs, nil
}

func runReplay(ctx context.Context, out io.Writer, path string, f *replayFlags) error {
	runs, err := f.runs()
	if err != nil {
		return err
	}
	if f.options.TTLScale == 0 {
		f.options.TTLScale = 1
		if f.options.Speed > 0 {
			f.options.TTLScale = 1 / f.options.Speed
		}
	}
	if f.mixFile != "" {
		if f.options.Mix, err = trace.LoadTTLMix(f.mixFile, f.mixCluster); err != nil {
			return err
		}
	}
	var results []replay.Result
	var failed error
	for _, run := range runs {
		r, err := f.replayOnce(ctx, path, run)
		if err != nil { // the runs before it took their time: show them
			failed = err
			break
		}
		results = append(results, r)
	}
	if len(results) > 0 && f.jsonFile != "-" {
		fmt.Fprintf(out, "%s\n%s\n\n", filepath.Base(path), results[0].Options)
		failed = errors.Join(failed, replay.WriteTable(out, results))
	}
	if failed != nil {
		return failed
	}
	return writeJSON(out, f.jsonFile, results)
}

// replayOnce sets up one server, replays the whole trace and puts the server's settings back.
func (f *replayFlags) replayOnce(ctx context.Context, path string, run replayRun) (result replay.Result, err error) {
	target, err := replay.Connect(ctx, run.addr, f.options)
	if err != nil {
		return result, err
	}
	// Settings go back even after ^C, which has cancelled ctx.
	defer func() { err = errors.Join(err, target.Close(context.WithoutCancel(ctx))) }()
	for _, setting := range [...][2]string{{"maxmemory", f.maxmemory}, {"maxmemory-policy", run.policy}} {
		if err := target.Configure(ctx, setting[0], setting[1]); err != nil {
			return result, err
		}
	}
	if f.flush {
		if err := target.Flush(ctx); err != nil {
			return result, err
		}
	}
	source, err := trace.Open(path, f.format)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	total := f.options.Requests
	if total == 0 {
		total = -1
	}
	update, finish := progressBar(strings.TrimSpace(run.addr+" "+run.policy), total)
	result, err = replay.Run(ctx, target.Client, source, f.options, update)
	finish()
	if err != nil {
		return result, fmt.Errorf("replay against %s: %w", run.addr, err)
	}
	result.Label, result.Server, result.Policy = run.addr, target.Name, target.Policy(ctx)
	result.Trace, result.Options = filepath.Base(path), f.describe(source)
	return result, nil
}

// describe names the settings that the figures depend on.
func (f *replayFlags) describe(source *trace.Reader) string {
	o := f.options
	value := "the trace's value sizes"
	if o.ValueSize != trace.NoSize {
		value = fmt.Sprintf("values of %d bytes", o.ValueSize)
	}
	ttl := "the trace's lifetimes"
	switch {
	case o.Mix != nil:
		ttl += ", else those of " + strings.TrimSpace(filepath.Base(f.mixFile)+" "+f.mixCluster)
	case o.TTL != 0:
		ttl += ", else " + o.TTL.String()
	default:
		ttl += ", else none"
	}
	if o.TTLScale != 1 {
		ttl += fmt.Sprintf(", times %.4g", o.TTLScale)
	}
	pace := "as fast as possible"
	if o.Rate > 0 {
		pace = fmt.Sprintf("%g requests/s", o.Rate)
	}
	if o.Speed > 0 {
		pace = fmt.Sprintf("%g times the trace's pace", o.Speed)
	}
	return fmt.Sprintf("format %s; %s; %s; %d connections, pipelines of at most %d; %s",
		source.Format().Name, value, ttl, o.Concurrency, o.Pipeline, pace)
}

// writeJSON writes v to the file called path: to out for "-", nowhere for "".
func writeJSON(out io.Writer, path string, v any) error {
	if path == "" {
		return nil
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("results as JSON: %w", err)
	}
	text = append(text, '\n')
	if path == "-" {
		_, err = out.Write(text)
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// progressBar shows how far a long step has come, on a terminal only. update takes what is done so far; a total of -1
// stands for unknown. finish wipes the bar.
func progressBar(label string, total int64) (update func(done int64), finish func()) {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return func(int64) {}, func() {}
	}
	bar := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(label),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(), progressbar.OptionSpinnerType(14), progressbar.OptionFullWidth())
	// A bar that cannot be drawn must not stop the measurement.
	return func(done int64) { _ = bar.Set64(done) }, func() { _ = bar.Finish() }
}
