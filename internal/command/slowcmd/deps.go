package slowcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/latency"
	"github.com/curfewkv/curfew/internal/metrics"
	"github.com/curfewkv/curfew/internal/slowlog"
)

// Deps are what the commands work on; all are required.
type Deps struct {
	Slowlog *slowlog.Log
	Latency *latency.Monitor
	// Histograms calls fn for every command that was called since its durations are recorded, with its full name
	// ("client|list") and its durations in ns, in the order of the names.
	Histograms func(fn func(name string, durations *metrics.Histogram))
	// Facts are what LATENCY DOCTOR asks.
	Facts func() latency.Facts
}

// Specs are the commands of the family.
func Specs(d *Deps) []*command.Spec { return []*command.Spec{d.slowlog(), d.latency()} }
