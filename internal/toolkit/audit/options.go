package audit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/prefix"
)

// DefaultSamples gives every share to within 0.7 points.
const DefaultSamples = 20000

// Keys a second that a node is asked about unless the user says otherwise: five commands each, in pipelines, of which
// Redis does about a million a second.
const (
	sampleRate = 10_000
	exactRate  = 50_000
)

// Options say how to look. The zero value takes a sample of the usual size.
type Options struct {
	Samples       int     // keys to draw; 0: as Precision asks, or DefaultSamples
	Precision     float64 // half the width of the interval of a share, such as 0.01; 0: as Samples asks
	Exact         bool    // look at every key
	NoReplicas    bool    // look at primaries even where replicas are in step
	Rate          float64 // keys a second for each node, at most; 0 chooses
	MemorySamples int     // elements of a collection that MEMORY USAGE looks at; 0 chooses
	Resume        string  // file to save the state of an exact audit in, and to go on from

	Rows       int      // prefixes to tell apart
	Prefixes   []string // patterns to count under, instead of finding them
	Separators string   // characters that part keys, instead of the usual ones
	Asked      []string // patterns to be counted as well, each on its own (for conditions)

	Counted  func(*Report)                               // called with the exact counts, before keys are looked at
	Progress func(what string, n int64) *output.Progress // begins a bar; nil shows none
}

// z is the quantile of the normal distribution for intervals that hold the truth 95 times of 100.
const (
	z          = 1.959964
	confidence = 0.95
)

// finestPrecision takes some billion keys, which is more than --exact is for.
const finestPrecision = 1e-5

const defaultMemorySamples = 5 // Redis's own

func (o Options) check() (Options, error) {
	switch {
	case o.Samples < 0:
		return o, fmt.Errorf("--samples %d: at least 1", o.Samples)
	case o.Precision != 0 && (o.Precision < finestPrecision || !(o.Precision < 0.5)):
		return o, fmt.Errorf("--precision %g: 0.00001 or more and less than 0.5, such as 0.01 for a point", o.Precision)
	case o.Samples > 0 && o.Precision > 0:
		return o, errors.New("--samples and --precision say the same thing: give one of them")
	case o.Exact && (o.Samples > 0 || o.Precision > 0):
		return o, errors.New("--exact looks at every key: --samples and --precision do not go with it")
	case o.Resume != "" && !o.Exact:
		return o, errors.New("--resume is for --exact: a sample takes seconds")
	case o.Rate < 0:
		return o, fmt.Errorf("--rate %g: keys a second, 0 for the usual ones", o.Rate)
	case o.Rows < 0:
		return o, fmt.Errorf("--rows %d: at least 1", o.Rows)
	case o.MemorySamples < 0:
		return o, fmt.Errorf("--memory-samples %d: at least 1", o.MemorySamples)
	case strings.ContainsFunc(o.Separators, func(r rune) bool { return r > 126 || r < 32 }):
		return o, fmt.Errorf("--separator %q: printable ASCII characters", o.Separators)
	}
	if o.MemorySamples == 0 {
		o.MemorySamples = defaultMemorySamples
	}
	if o.Rows == 0 {
		o.Rows = prefix.DefaultRows
	}
	switch {
	case o.Rate > 0:
	case o.Exact:
		o.Rate = exactRate
	default:
		o.Rate = sampleRate
	}
	switch {
	case o.Precision > 0:
		// The widest interval is that of a half.
		o.Samples = int(z*z/(4*o.Precision*o.Precision)) + 1
	case o.Samples == 0:
		o.Samples = DefaultSamples
	}
	return o, nil
}

func (o Options) begin(what string, n int64) *output.Progress {
	if o.Progress == nil {
		return nil
	}
	return o.Progress(what, n)
}
