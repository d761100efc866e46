package sweep

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"
)

// A Worker is what a tool does with keys.
type Worker interface {
	// Page does it to the keys of one page and counts each once. An error that Transient knows ends the walk of this keyspace
	// until the servers have been found again, and the page is brought again then; another error ends the sweep.
	Page(ctx context.Context, place *Place, keys []string) (Tally, error)
}

// Options say which keys are swept, and how.
type Options struct {
	Tool        string        // as progress and the state file name it
	Rules       string        // all that the worker was told: a state of other rules is not gone on from
	Match       string        // what SCAN filters by; "" is all
	Type        string        // as TYPE answers; "" is all
	Page        int64         // keys a page; 0 chooses
	Rate        float64       // keys a second and server; 0: no limit
	Concurrency int           // keyspaces at once
	RetryFor    time.Duration // how long nothing may work before the sweep gives up
	Resume      string        // state file; "" keeps no state
	// Flush, if given, brings to disk what the worker wrote, before a state is saved that says the work is done.
	Flush func() error
	// Removes: a key that was changed does not come again, so counts of changes outlive the server that they were made on.
	Removes bool
	Screen  io.Writer // where progress is shown if it is a terminal
	Quiet   bool
}

const (
	defaultConcurrency = 8
	defaultRetryFor    = time.Minute
	defaultPage        = 500 // keeps a server busy for about 0.1 ms
	maxPage            = 100_000
)

// AddFlags declares the options that every sweeping tool has.
func (o *Options) AddFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.Type, "type", "", "only keys of this type, as TYPE answers")
	flags.Float64Var(&o.Rate, "rate", 0, "at most so many keys a second on each server (0: as fast as it answers)")
	flags.IntVar(&o.Concurrency, "concurrency", defaultConcurrency, "servers and databases at once")
	flags.Int64Var(&o.Page, "page", 0, "keys a page: one SCAN and one pipeline (0 chooses)")
	flags.StringVar(&o.Resume, "resume", "", "file that keeps how far this got; a run that finds it goes on from there")
	flags.DurationVar(&o.RetryFor, "retry-for", defaultRetryFor, "how long to wait for a failover, a restart or a moved slot")
	flags.BoolVarP(&o.Quiet, "quiet", "q", false, "no progress bar")
}

func (o *Options) check() error {
	switch {
	case o.Rate < 0:
		return fmt.Errorf("--rate %v: less than none", o.Rate)
	case o.Concurrency < 0:
		return fmt.Errorf("--concurrency %d: less than none", o.Concurrency)
	case o.Page < 0 || o.Page > maxPage:
		return fmt.Errorf("--page %d: 1 to %d keys, or 0", o.Page, maxPage)
	case o.RetryFor < 0:
		return errors.New("--retry-for: less than none")
	}
	if o.Concurrency == 0 {
		o.Concurrency = defaultConcurrency
	}
	if o.Page == 0 {
		o.Page = defaultPage
	}
	if o.RetryFor == 0 {
		o.RetryFor = defaultRetryFor
	}
	return nil
}

// fingerprint tells whether two runs do the same to the same keys.
func (o *Options) fingerprint() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q", o.Tool, o.Rules, o.Match, o.Type))
	return hex.EncodeToString(sum[:])
}
