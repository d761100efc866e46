package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// allUnits are the units of the suite that concern strings, generic keys, lifetimes, transactions, pub/sub,
// introspection and the protocol. The longest come first, so that two workers end at about the same time.
var allUnits = []string{
	"unit/maxmemory", "unit/expire", "unit/obuf-limits", "unit/introspection", "unit/type/string",
	"unit/introspection-2", "unit/other", "unit/scan", "unit/multi", "unit/latency-monitor", "unit/querybuf",
	"unit/tracking", "unit/keyspace", "unit/pubsubshard", "unit/auth", "unit/info", "unit/pubsub", "unit/slowlog",
	"unit/limits", "unit/lazyfree", "unit/networking", "unit/violations", "unit/pause", "unit/info-command",
	"unit/protocol", "unit/type/incr", "unit/quit", "unit/printver",
}

type options struct {
	server     string        // the binary under test
	mode       string        // "drop-in": the suite starts the server; "external": the runner does
	source     string        // the fetched suite
	reference  string        // file with the outcome of redis-server
	exceptions string        // file with the known exceptions
	units      []string      // units to run
	workers    int           // units run at once
	idle       time.Duration // a unit without progress for this long hangs
	unitLimit  time.Duration // one run of one unit
	limit      time.Duration // everything
	trySkipped bool          // run what exceptions.txt says to skip, to see whether it passes by now
	again      bool          // run units with failures a second time
	keep       bool          // leave the work folders, with the server logs
	verbose    bool          // print the suite's output
}

func main() {
	var o options
	var units string
	flag.StringVar(&o.server, "server", "bin/curfew", "server binary under test; a redis-server works too")
	flag.StringVar(&o.mode, "mode", "drop-in", "drop-in (the suite starts the server) or external (one server per unit)")
	flag.StringVar(&o.source, "source", ".cache/redis-suite/source", "the suite, as fetched by scripts/fetch-redis-suite")
	flag.StringVar(&o.reference, "reference", ".cache/redis-suite/reference.txt", "outcome of redis-server; written when missing")
	flag.StringVar(&o.exceptions, "exceptions", "test/redis-suite/exceptions.txt", "known exceptions")
	flag.StringVar(&units, "units", "", "units to run, separated by commas (default: all that concern Curfew)")
	flag.IntVar(&o.workers, "workers", 2, "units run at once")
	flag.DurationVar(&o.idle, "idle", 60*time.Second, "time without progress after which a unit counts as hanging")
	flag.DurationVar(&o.unitLimit, "unit-limit", 5*time.Minute, "limit for one run of one unit")
	flag.DurationVar(&o.limit, "limit", 24*time.Minute, "limit for the whole run")
	flag.BoolVar(&o.trySkipped, "try-skipped", false, "run the tests that the exceptions skip")
	flag.BoolVar(&o.again, "again", true, "run units with failures once more, and count what fails twice")
	flag.BoolVar(&o.keep, "keep", false, "keep the work folders, with the logs of the servers")
	flag.BoolVar(&o.verbose, "v", false, "print the suite's output")
	flag.Parse()

	o.units = allUnits
	if units != "" {
		o.units = strings.Split(units, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "redis-suite:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run prints the report and says whether everything is as the exceptions tell.
func run(ctx context.Context, o options) (bool, error) {
	if o.mode != "drop-in" && o.mode != "external" {
		return false, fmt.Errorf("unknown mode %q", o.mode)
	}
	server, err := filepath.Abs(o.server)
	if err != nil {
		return false, err
	}
	o.server = server
	known, err := loadExceptions(o.exceptions)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()

	expected, err := loadReference(ctx, o)
	if err != nil {
		return false, fmt.Errorf("reference run: %w", err)
	}
	if err := preflight(ctx, o); err != nil {
		return false, err
	}
	results, err := runUnits(ctx, o, known, expected)
	if err != nil {
		return false, err
	}
	verdicts := map[string]verdict{}
	var again []string
	for _, r := range results {
		v := expected.judge(r, known, o.mode)
		verdicts[r.unit] = v
		if len(v.failed) > 0 {
			again = append(again, r.unit)
		}
	}
	// Many tests of the suite measure time, and fail on a machine that is busy with something else: units with
	// failures run once more. A test that fails twice is wrong.
	if o.again && len(again) > 0 && ctx.Err() == nil {
		fmt.Printf("running once more: %s\n", strings.Join(again, " "))
		o.units = again
		results, err := runUnits(ctx, o, known, expected)
		if err != nil {
			return false, err
		}
		for _, r := range results {
			verdicts[r.unit] = expected.judge(r, known, o.mode).after(verdicts[r.unit])
		}
	}
	return report(os.Stdout, slices.Collect(maps.Values(verdicts)), known), nil
}

// loadReference reads what redis-server runs in each unit, after letting it run them when that is not known yet.
func loadReference(ctx context.Context, o options) (reference, error) {
	ref, err := readReference(o.reference)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, unit := range o.units {
		if _, ok := ref[unit]; !ok {
			missing = append(missing, unit)
		}
	}
	if len(missing) == 0 {
		return ref, nil
	}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, err
	}
	fmt.Printf("reference: running %d units against %s\n", len(missing), path)
	o.server, o.mode, o.units, o.trySkipped = path, "drop-in", missing, true
	results, err := runUnits(ctx, o, &exceptions{}, ref)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, r := range results {
		ref.add(r)
	}
	return ref, ref.write(o.reference)
}
