package node

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/metrics"
	"github.com/curfewkv/curfew/internal/session"
)

// infoSections in the order of INFO, and whether INFO without arguments shows them.
var infoSections = []struct {
	name      string
	byDefault bool
}{
	{"Server", true}, {"Clients", true}, {"Memory", true}, {"Persistence", true}, {"Stats", true}, {"Replication", true},
	{"CPU", true}, {"Modules", true}, {"Commandstats", false}, {"Errorstats", true}, {"Latencystats", false}, {"Cluster", true},
	{"Keyspace", true}, {"Debug", false},
}

// onlyByName is the section that neither "all" nor "everything" shows.
const onlyByName = "debug"

// info appends the sections that are asked for; none asks for the default ones. All shards are locked.
func (n *Node) info(dst []byte, tx *keyspace.Txn, asked []string) []byte {
	all := slices.Contains(asked, "all") || slices.Contains(asked, "everything")
	byDefault := len(asked) == 0 || slices.Contains(asked, "default")
	n.seen = n.look(tx)
	for _, sec := range infoSections {
		name := strings.ToLower(sec.name)
		if !(all && name != onlyByName) && !(byDefault && sec.byDefault) && !slices.Contains(asked, name) {
			continue
		}
		if len(dst) > 0 {
			dst = append(dst, "\r\n"...)
		}
		dst = append(dst, "# "+sec.name+"\r\n"...)
		dst = n.infoSection(dst, tx, name)
	}
	return dst
}

func (n *Node) infoSection(dst []byte, tx *keyspace.Txn, name string) []byte {
	switch name {
	case "commandstats":
		return n.infoCommands(dst)
	case "errorstats":
		for _, e := range n.Dispatch.Errors.ByPrefix() {
			dst = fmt.Appendf(dst, "errorstat_%s:count=%d\r\n", e.Prefix, e.Count)
		}
		return dst
	case "latencystats":
		return n.infoLatency(dst)
	case "keyspace":
		for i, db := range tx.DBStats() {
			if db.Keys > 0 {
				dst = fmt.Appendf(dst, "db%d:keys=%d,expires=%d,avg_ttl=%d,subexpiry=0\r\n", i, db.Keys, db.Volatile, db.AvgTTLMs)
			}
		}
		return dst
	}
	dst = n.Metrics.AppendInfo(dst, name)
	if name == "server" {
		dst = append(dst, n.process.Listeners()...)
	}
	return dst
}

func (n *Node) infoCommands(dst []byte) []byte {
	for _, c := range n.Dispatch.CommandTotals() {
		us, per := c.Ns/1000, 0.0
		if c.Calls > 0 {
			per = float64(c.Ns) / 1000 / float64(c.Calls)
		}
		dst = fmt.Appendf(dst, "cmdstat_%s:calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d\r\n",
			c.Spec.Full, c.Calls, us, per, c.Rejected, c.Failed)
	}
	return dst
}

func (n *Node) infoLatency(dst []byte) []byte {
	for _, c := range n.Dispatch.CommandTotals() {
		if c.Histogram == nil || c.Histogram.Count() == 0 {
			continue
		}
		dst = append(dst, "latency_percentiles_usec_"+c.Spec.Full+":"...)
		dst = append(dst, percentiles(c.Histogram, n.Keys.LatencyPercentiles.Get())+"\r\n"...)
	}
	for _, lag := range []struct {
		name string
		h    *metrics.Histogram
	}{{"active", n.Keyspace.ActiveLag}, {"lazy", n.Keyspace.LazyLag}} {
		dst = append(dst, "expire_lag_percentiles_usec_"+lag.name+":"+percentiles(lag.h, []float64{50, 99, 99.9})+"\r\n"...)
	}
	return dst
}

// percentiles formats a histogram of ns as Redis does, in microseconds: "p50=1.003,p99=2.007".
func percentiles(h *metrics.Histogram, ps []float64) string {
	var b strings.Builder
	for i, p := range ps {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "p%s=%.3f", strconv.FormatFloat(p, 'f', -1, 64), float64(h.Percentile(p))/1000)
	}
	return b.String()
}

// seen is what one INFO looks at, gathered once so that its fields agree. It is guarded by all shards' locks.
type seen struct {
	counts         keyspace.Counts
	memory         memoryFigures
	backlog        int64
	nextDeadlineMs int64
	rate           perSecond
	clients        clientFigures
}

// clientFigures are found by looking at every session.
type clientFigures struct{ blocked, input, output int64 }

// look gathers what INFO and MEMORY STATS show. All shards are locked.
func (n *Node) look(tx *keyspace.Txn) seen {
	now := seen{counts: tx.Counts(), memory: n.lookAtMemory(tx), backlog: int64(tx.DueBacklog())}
	now.nextDeadlineMs = tx.NextDeadlineUnixMs()
	now.rate = n.rate.lately()
	n.peak.note(now.memory.used)
	n.Sessions.Each(func(s *session.Session) {
		p, c := &s.Public, &now.clients
		if s.HasFlag(session.FlagBlocked) {
			c.blocked++
		}
		c.input = max(c.input, p.QueryLen.Load()+p.QueryFree.Load())
		c.output = max(c.output, p.OutBytes.Load())
	})
	return now
}

// human formats bytes as INFO's _human fields.
func human(n int64) string {
	f := float64(n)
	for _, unit := range []string{"B", "K", "M", "G", "T", "P"} {
		if f < 1024 || unit == "P" {
			if unit == "B" {
				return strconv.FormatInt(n, 10) + "B"
			}
			return fmt.Sprintf("%.2f%s", f, unit)
		}
		f /= 1024
	}
	return ""
}
