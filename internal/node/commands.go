package node

import (
	"strings"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/command/conncmd"
	"github.com/curfewkv/curfew/internal/command/infocmd"
	"github.com/curfewkv/curfew/internal/command/keycmd"
	"github.com/curfewkv/curfew/internal/command/lifecmd"
	"github.com/curfewkv/curfew/internal/command/pubsubcmd"
	"github.com/curfewkv/curfew/internal/command/servercmd"
	"github.com/curfewkv/curfew/internal/command/slowcmd"
	"github.com/curfewkv/curfew/internal/command/stringcmd"
	"github.com/curfewkv/curfew/internal/dispatch"
	"github.com/curfewkv/curfew/internal/latency"
	"github.com/curfewkv/curfew/internal/metrics"
	"github.com/curfewkv/curfew/internal/session"
)

// families are the commands of the server.
func (n *Node) families() [][]*command.Spec {
	table := func() *command.Table { return n.Table }
	dispatcher := func() *dispatch.Dispatcher { return n.Dispatch }
	return [][]*command.Spec{
		stringcmd.Specs(n.Keys.MaxBulk.Get),
		keycmd.Specs(n.Keys.LazyUserFlush.Get),
		lifecmd.Specs(),
		dispatch.Transactions(dispatcher),
		pubsubcmd.Specs(n.PubSub),
		conncmd.Specs(&conncmd.Deps{
			Clients: n.Sessions, PubSub: n.PubSub, Tracking: n.Tracking, Monitor: n.Monitor, Pause: n.Pause,
			Discard:    func(s *session.Session) { n.Dispatch.Discard(s) },
			Password:   n.Keys.Password.Get,
			AppendOnly: func() bool { return false },
			Version:    command.Version,
		}),
		infocmd.Specs(table),
		slowcmd.Specs(&slowcmd.Deps{Slowlog: n.Slow, Latency: n.Latency, Histograms: n.histograms, Facts: n.latencyFacts}),
		servercmd.Specs(&servercmd.Deps{
			Config: n.Config, Table: table, Clock: n.Clock, Info: n.info, ResetStats: n.resetStats, Memory: n.memoryStats,
			Purge: n.process.Release, AllocatorReport: n.allocatorReport, Shutdown: n.process.Shutdown, RunID: n.RunID,
			Log: func(text string) { n.log.Info(text) },
		}),
	}
}

// histograms hands the durations of each command that was called to fn.
func (n *Node) histograms(fn func(name string, durations *metrics.Histogram)) {
	for _, c := range n.Dispatch.CommandTotals() {
		if c.Histogram != nil && c.Histogram.Count() > 0 {
			fn(c.Spec.Full, c.Histogram)
		}
	}
}

// latencyFacts are what LATENCY DOCTOR asks.
func (n *Node) latencyFacts() latency.Facts {
	return latency.Facts{SlowlogMicros: n.Keys.SlowerThan.Get(), HugePages: n.process.HugePages()}
}

// resetStats are those of CONFIG RESETSTAT but for the keyspace's.
func (n *Node) resetStats() {
	n.rate.restart(func() {
		n.Dispatch.ResetStats()
		n.Metrics.Reset()
	})
	n.exceeded.reset()
}

// Runners is how many commands that take long run at once beside so many event loops. Two, that one does not keep out all
// others; and no more than there are processors, because the loops would wait for theirs: with four on two processors,
// clients that had nothing to do with six LCS waited 60 to 200 ms, with two 8 to 40 ms, and the six took as long.
func Runners(loops int) int { return min(4, max(2, loops)) }

func (n *Node) dispatchOptions(workers int) dispatch.Options {
	return dispatch.Options{
		Keyspace: n.Keyspace, Table: n.Table, Clock: n.Clock, Watch: n.Watch, Tracking: n.Tracking, Pause: n.Pause,
		Observe:         &observer{Node: n},
		Password:        n.Keys.Password.Get,
		MaxBulk:         n.Keys.MaxBulk.Get,
		LatencyTracking: n.Keys.LatencyTracking.Get,
		DebugAllowed:    n.debugAllowed,
		OOMDetail:       n.explainOOM,
		OutputLimit:     n.HardLimit,
		Runners:         Runners(workers),
		Workers:         workers,
	}
}

// debugAllowed is the gate of protected commands.
func (n *Node) debugAllowed(s *session.Session, spec *command.Spec) error {
	mode := n.Keys.DebugCommand.String()
	if mode == "yes" || mode == "local" && s.Local {
		return nil
	}
	return command.Errorf("ERR %s command not allowed. If the enable-%s-command option is set to \"local\", you can run it from a local connection, "+
		"otherwise you need to set this option in the configuration file, and then restart the server.", strings.ToUpper(spec.Name), spec.Name)
}
