// Command harm measures what looking at keys does to a redis-server that is at work: how many keys are past their deadline
// and still there, and what its clients' requests take, with no audit, with an audit by redis-cli --scan and TTL key by
// key, and with curfew ttl audit, sampled and exact. It prints a table for docs/benchmarks.md.
//
//	go run ./test/harm
//
// The servers and the load are its own, started afresh for every phase; it takes about (settle + phase) for each of the
// four, plus loading. On a machine with little else to do: the server has core 0, everything else the others.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

// settings are the flags.
type settings struct {
	background int
	rate       int
	ttl        time.Duration
	settle     time.Duration
	phase      time.Duration
	pause      time.Duration
	roundTrip  time.Duration
	curfew     string
	only       string
}

// phase is a way to audit, as a shell command in which $PORT is the server's, by way of the network.
type phase struct{ name, command string }

func phases(curfew string) []phase {
	return []phase{
		{"no audit", ""},
		{"`redis-cli --scan` and `TTL` for each key", `redis-cli -p $PORT --scan | sed 's/^/TTL /' | redis-cli -p $PORT | wc -l`},
		{"`curfew ttl audit`", curfew + ` ttl audit -a 127.0.0.1:$PORT --json`},
		{"`curfew ttl audit --exact`", curfew + ` ttl audit -a 127.0.0.1:$PORT --exact --json`},
	}
}

func main() {
	var s settings
	flag.IntVar(&s.background, "background", 100_000, "keys with a TTL of an hour, which lie there")
	flag.IntVar(&s.rate, "rate", 5000, "SETs a second with a short TTL")
	flag.DurationVar(&s.ttl, "ttl", time.Minute, "that TTL")
	flag.DurationVar(&s.settle, "settle", 80*time.Second, "load before measuring begins")
	flag.DurationVar(&s.phase, "phase", 2*time.Minute, "how long each phase is measured")
	flag.DurationVar(&s.pause, "pause", time.Second, "between two audits of a phase")
	flag.DurationVar(&s.roundTrip, "rtt", 500*time.Microsecond, "round trip between the audits and the server")
	flag.StringVar(&s.curfew, "curfew", "", "binary to use (default: builds it)")
	flag.StringVar(&s.only, "only", "", "run phases with this in their name")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "harm:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "harm")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if s.curfew == "" {
		s.curfew = filepath.Join(dir, "curfew")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", s.curfew, "./cmd/curfew").CombinedOutput(); err != nil {
			return fmt.Errorf("building cmd/curfew: %w: %s", err, out)
		}
	}
	var results []result
	for _, p := range phases(s.curfew) {
		if !strings.Contains(p.name, s.only) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s: loading\n", p.name)
		r, err := measure(ctx, dir, s, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %d audits, %d expired keys present\n", p.name, r.audits, r.overdueMean())
		results = append(results, r)
	}
	return write(os.Stdout, s, results)
}
