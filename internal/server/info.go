package server

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

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
	{"Keyspace", true},
}

// info appends the sections that are asked for; none asks for the default ones. All shards are locked.
func (s *Server) info(dst []byte, tx *keyspace.Txn, asked []string) []byte {
	all := slices.Contains(asked, "all") || slices.Contains(asked, "everything")
	byDefault := len(asked) == 0 || slices.Contains(asked, "default")
	s.snapshot = s.takeSnapshot(tx)
	for _, sec := range infoSections {
		name := strings.ToLower(sec.name)
		if !all && !(byDefault && sec.byDefault) && !slices.Contains(asked, name) {
			continue
		}
		if len(dst) > 0 {
			dst = append(dst, "\r\n"...)
		}
		dst = append(dst, "# "+sec.name+"\r\n"...)
		dst = s.infoSection(dst, tx, name)
	}
	return dst
}

func (s *Server) infoSection(dst []byte, tx *keyspace.Txn, name string) []byte {
	switch name {
	case "commandstats":
		return s.infoCommands(dst)
	case "errorstats":
		for _, e := range s.dispatch.Errors.ByPrefix() {
			dst = fmt.Appendf(dst, "errorstat_%s:count=%d\r\n", e.Prefix, e.Count)
		}
		return dst
	case "latencystats":
		return s.infoLatency(dst)
	case "keyspace":
		for i, db := range tx.DBStats() {
			if db.Keys > 0 {
				dst = fmt.Appendf(dst, "db%d:keys=%d,expires=%d,avg_ttl=%d\r\n", i, db.Keys, db.Volatile, db.AvgTTLMs)
			}
		}
		return dst
	}
	return s.metrics.AppendInfo(dst, name)
}

func (s *Server) infoCommands(dst []byte) []byte {
	for _, c := range s.dispatch.CommandTotals() {
		us, per := c.Ns/1000, 0.0
		if c.Calls > 0 {
			per = float64(c.Ns) / 1000 / float64(c.Calls)
		}
		dst = fmt.Appendf(dst, "cmdstat_%s:calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d\r\n",
			c.Spec.Full, c.Calls, us, per, c.Rejected, c.Failed)
	}
	return dst
}

func (s *Server) infoLatency(dst []byte) []byte {
	for _, c := range s.dispatch.CommandTotals() {
		if c.Histogram == nil || c.Histogram.Count() == 0 {
			continue
		}
		dst = append(dst, "latency_percentiles_usec_"+c.Spec.Full+":"...)
		dst = append(dst, percentiles(c.Histogram, s.settings.latencyPercentiles.Get())+"\r\n"...)
	}
	for _, lag := range []struct {
		name string
		h    *metrics.Histogram
	}{{"active", s.keyspace.ActiveLag}, {"lazy", s.keyspace.LazyLag}} {
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

// snapshot is what one INFO looks at, gathered once so that its fields agree. It is guarded by all shards' locks.
type snapshot struct {
	counts                       keyspace.Counts
	used, rss, overhead, backlog int64
	nextDeadlineMs               int64
	usage                        unix.Rusage
	ops, in, out                 float64
	clients                      clientFigures
}

// clientFigures are found by looking at every session.
type clientFigures struct{ blocked, input, output int64 }

func (s *Server) takeSnapshot(tx *keyspace.Txn) snapshot {
	snap := snapshot{counts: tx.Counts(), used: s.keyspace.Used(), rss: residentBytes(), backlog: int64(tx.DueBacklog())}
	snap.overhead = tx.IndexBytes() + s.keyspace.External()
	snap.nextDeadlineMs = tx.NextDeadlineUnixMs()
	unix.Getrusage(unix.RUSAGE_SELF, &snap.usage)
	snap.ops, snap.in, snap.out = s.stats.ops.perSecond()
	s.notePeak(snap.used)
	s.sessions.Each(func(c *session.Session) {
		p, n := &c.Public, &snap.clients
		if c.HasFlag(session.FlagBlocked) {
			n.blocked++
		}
		n.input = max(n.input, p.QueryLen.Load()+p.QueryFree.Load())
		n.output = max(n.output, p.OutBytes.Load())
	})
	return snap
}

// notePeak raises the largest memory in use. Several loops may have measured at once.
func (s *Server) notePeak(used int64) {
	for peak := &s.stats.peakMemory; ; {
		if old := peak.Load(); used <= old || peak.CompareAndSwap(old, used) {
			return
		}
	}
}

// residentBytes is the process's resident memory, 0 where it cannot be told.
func residentBytes() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
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

func osName() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return runtime.GOOS
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:]) + " " + unix.ByteSliceToString(u.Machine[:])
}

func totalSystemMemory() int64 {
	var i unix.Sysinfo_t
	if unix.Sysinfo(&i) != nil {
		return 0
	}
	return int64(i.Totalram) * int64(i.Unit)
}

func seconds(t unix.Timeval) string {
	return strconv.FormatFloat(time.Duration(t.Nano()).Seconds(), 'f', 6, 64)
}
