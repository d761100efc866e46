package purge

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/sweep"
)

// Counts are keys by what became of them, each in one place.
type Counts struct {
	Removed  int64 `json:"removed"` // or would be, in a dry run
	Kept     int64 `json:"kept"`    // a condition does not hold
	Vanished int64 `json:"vanished"`
	Failed   int64 `json:"failed"`
}

func counts(c sweep.Counts) Counts { return Counts{c.Changed, c.Kept, c.Gone, c.Failed} }

// A NodeReport is what was done in one database of one server.
type NodeReport struct {
	Node string `json:"node"`
	DB   int    `json:"db"`
	Done bool   `json:"done"`
	Counts
}

// A Report is what purge removed, or would remove.
type Report struct {
	DryRun   bool              `json:"dry_run"`
	Complete bool              `json:"complete"`
	Resumed  bool              `json:"resumed"`
	Took     float64           `json:"seconds"` // of this run
	Total    Counts            `json:"total"`
	Bytes    *int64            `json:"bytes_estimate,omitempty"` // of what a dry run would remove
	Rules    map[string]Counts `json:"rules"`
	Nodes    []NodeReport      `json:"nodes"`
	Sample   []Weighed         `json:"sample,omitempty"`
	Failures []sweep.Failure   `json:"failures,omitempty"`
	Notes    []string          `json:"notes,omitempty"`
	Slow     int               `json:"slow_answers"`
}

func (r *remover) report(result *sweep.Result) *Report {
	report := &Report{
		DryRun: r.options.DryRun, Complete: result.Complete, Resumed: result.Resumed, Took: result.Took.Seconds(), Total: counts(result.Counts),
		Rules: map[string]Counts{}, Sample: r.sample.shown, Failures: result.Failures, Notes: result.Notes, Slow: result.Slow,
	}
	if bytes := r.sample.estimate(report.Total.Removed); bytes >= 0 {
		report.Bytes = &bytes
	}
	for _, pattern := range r.options.patterns() {
		report.Rules[pattern] = counts(result.Rules[pattern])
	}
	for _, p := range result.Parts {
		report.Nodes = append(report.Nodes, NodeReport{p.Node, p.DB, p.Done, counts(p.Counts)})
	}
	return report
}

// Text writes the report for people.
func (r *Report) Text(w io.Writer) error {
	verb, column := "Removed", "removed"
	if r.DryRun {
		verb, column = "Dry run: would remove", "to remove"
	}
	looked := r.Total.Removed + r.Total.Kept + r.Total.Vanished + r.Total.Failed
	line := fmt.Sprintf("%s %s of %s keys", verb, humanize.Comma(r.Total.Removed), humanize.Comma(looked))
	if r.Bytes != nil {
		line += ", about " + humanize.IBytes(uint64(*r.Bytes)) + ","
	}
	line += fmt.Sprintf(" in %.1fs", r.Took)
	if !r.Complete {
		line += "; it did not get to the end"
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s.\n\nPATTERN\t%s\tkept\tvanished\tfailed\n", line, column)
	for _, pattern := range slices.Sorted(maps.Keys(r.Rules)) {
		fmt.Fprintf(t, "%s\t%s\n", pattern, r.Rules[pattern].columns())
	}
	if len(r.Nodes) > 1 {
		fmt.Fprintf(t, "\nNODE\tdatabase\t%s\tkept\tvanished\tfailed\n", column)
		for _, n := range r.Nodes {
			fmt.Fprintf(t, "%s\t%d\t%s\n", n.Node, n.DB, n.columns())
		}
	}
	if len(r.Sample) > 0 {
		fmt.Fprint(t, "\nSAMPLE\tTTL\tbytes\n")
		writeSample(t, r.Sample)
	}
	for _, f := range r.Failures {
		fmt.Fprintf(t, "\nfailed: %s db %d %s: %s", f.Node, f.DB, output.Short(f.Key, widestKey), f.Error)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(t, "\nnote: %s", n)
	}
	if len(r.Failures)+len(r.Notes) > 0 {
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// widestKey is how much of a key fits beside its figures on 80 columns.
const widestKey = 56

func writeSample(w io.Writer, sample []Weighed) {
	for _, s := range sample {
		ttl := "none"
		if s.TTL >= 0 {
			ttl = output.Duration((time.Duration(s.TTL) * time.Millisecond).Round(time.Second))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", output.Short(s.Key, widestKey), ttl, humanize.Comma(s.Bytes))
	}
}

func (c Counts) columns() string {
	return humanize.Comma(c.Removed) + "\t" + humanize.Comma(c.Kept) + "\t" + humanize.Comma(c.Vanished) + "\t" + humanize.Comma(c.Failed)
}

// Text writes the estimate for people.
func (e *Estimate) Text(w io.Writer) {
	about := "about "
	if e.Exact {
		about = ""
	}
	fmt.Fprintf(w, "This removes %s%s of %s keys", about, humanize.Comma(e.Keys), humanize.Comma(e.Of))
	if e.Bytes >= 0 {
		fmt.Fprintf(w, " (about %s)", humanize.IBytes(uint64(e.Bytes)))
	}
	fmt.Fprintf(w, " from %s.\n", strings.Join(e.Places, ", "))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	writeSample(t, e.Sample)
	_ = t.Flush()
}

// Text writes the report for people.
func (r *TagReport) Text(w io.Writer) error {
	verb := "Removed"
	if r.DryRun {
		verb = "Dry run: would remove"
	}
	_, err := fmt.Fprintf(w, "%s %s keys that %q names; %s of its members were gone already.\n", verb, humanize.Comma(r.Removed), r.Set, humanize.Comma(r.Gone))
	if r.Left > 0 {
		fmt.Fprintf(w, "%s members were added meanwhile and stay.\n", humanize.Comma(r.Left))
	}
	return err
}
