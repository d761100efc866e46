package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// write prints the section of docs/benchmarks.md.
func write(w io.Writer, s settings, results []result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s keys with a TTL of an hour, and %s SETs a second of new keys with a TTL of %v, so that about %s of those should be there "+
		"at any moment. Each line is a server of its own, under that load for %v before and %v while it was measured; audits followed each other "+
		"with %v between them, over a network with a round trip of %v. The server had core 0, the clients the rest of %d.\n\n",
		humanize.Comma(int64(s.background)), humanize.Comma(int64(s.rate)), s.ttl, humanize.Comma(int64(float64(s.rate)*s.ttl.Seconds())),
		s.settle, s.phase, s.pause, s.roundTrip, runtime.NumCPU())
	b.WriteString("| audit | audits | one takes | expired keys present, mean | at most | at the end | memory at the end | SET p50 | p99 | p99.9 | worst |\n")
	b.WriteString("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range results {
		most, last := 0, 0
		if len(r.overdue) > 0 {
			most, last = slices.Max(r.overdue), r.overdue[len(r.overdue)-1]
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", r.name, audits(&r), took(&r),
			humanize.Comma(int64(r.overdueMean())), humanize.Comma(int64(most)), humanize.Comma(int64(last)), humanize.IBytes(uint64(r.memory)),
			quantile(r.latencies, 0.5), quantile(r.latencies, 0.99), quantile(r.latencies, 0.999), quantile(r.latencies, 1))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func audits(r *result) string {
	if r.unended {
		return fmt.Sprintf("%d and a part", r.audits)
	}
	return fmt.Sprint(r.audits)
}

func took(r *result) string {
	if len(r.took) == 0 {
		return "-"
	}
	slices.Sort(r.took)
	return r.took[len(r.took)/2].Round(10 * time.Millisecond).String()
}

// quantile of sorted values.
func quantile(list []time.Duration, q float64) string {
	if len(list) == 0 {
		return "-"
	}
	d := list[min(len(list)-1, int(q*float64(len(list))))]
	return fmt.Sprintf("%.2f ms", d.Seconds()*1000)
}
