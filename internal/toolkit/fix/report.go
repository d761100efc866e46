package fix

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/sweep"
)

// Counts are keys by what became of them, each in one place.
type Counts struct {
	Fixed    int64 `json:"fixed"` // or would be, in a dry run
	HadTTL   int64 `json:"had_ttl"`
	Vanished int64 `json:"vanished"`
	Failed   int64 `json:"failed"`
}

func counts(c sweep.Counts) Counts { return Counts{c.Changed, c.Kept, c.Gone, c.Failed} }

// A RuleReport is what a rule did.
type RuleReport struct {
	Pattern string `json:"pattern"`
	TTL     int64  `json:"ttl_ms"`
	Counts
}

// A NodeReport is what was done in one database of one server.
type NodeReport struct {
	Node string `json:"node"`
	DB   int    `json:"db"`
	Done bool   `json:"done"`
	Counts
	Rules map[string]Counts `json:"rules"`
}

// A Report is what fix changed, or would change.
type Report struct {
	DryRun   bool            `json:"dry_run"`
	Complete bool            `json:"complete"`
	Resumed  bool            `json:"resumed"`
	Jitter   float64         `json:"jitter_percent"`
	Took     float64         `json:"seconds"` // of this run
	Total    Counts          `json:"total"`
	Rules    []RuleReport    `json:"rules"`
	Nodes    []NodeReport    `json:"nodes"`
	Changes  string          `json:"changes,omitempty"`
	Failures []sweep.Failure `json:"failures,omitempty"`
	Notes    []string        `json:"notes,omitempty"`
	Slow     int             `json:"slow_answers"`
}

func (f *fixer) report(r *sweep.Result) *Report {
	report := &Report{
		DryRun: f.options.DryRun, Complete: r.Complete, Resumed: r.Resumed, Jitter: f.options.Jitter, Took: r.Took.Seconds(),
		Total: counts(r.Counts), Changes: f.options.Changes, Failures: r.Failures, Notes: r.Notes, Slow: r.Slow,
	}
	for _, rule := range f.options.Rules {
		report.Rules = append(report.Rules, RuleReport{rule.Pattern, rule.TTL.Milliseconds(), counts(r.Rules[rule.Pattern])})
	}
	for _, p := range r.Parts {
		n := NodeReport{Node: p.Node, DB: p.DB, Done: p.Done, Counts: counts(p.Counts), Rules: map[string]Counts{}}
		for pattern, c := range p.Rules {
			n.Rules[pattern] = counts(c)
		}
		report.Nodes = append(report.Nodes, n)
	}
	for _, s := range f.servers {
		if s.method == Race {
			report.Notes = append(report.Notes, "a server has neither NX nor EVAL: TTLs that were set at the same moment may have been replaced")
			break
		}
	}
	return report
}

// Text writes the report for people.
func (r *Report) Text(w io.Writer) error {
	fmt.Fprintf(w, "%s\n\n", r.headline())
	fixed := "fixed"
	if r.DryRun {
		fixed = "to fix"
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "RULE\tTTL\t%s\thad a TTL\tvanished\tfailed\n", fixed)
	for _, rule := range r.Rules {
		ttl := output.Duration(time.Duration(rule.TTL) * time.Millisecond)
		if r.Jitter > 0 {
			ttl += fmt.Sprintf(" ±%v%%", r.Jitter)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", rule.Pattern, ttl, rule.columns())
	}
	if len(r.Nodes) > 1 {
		fmt.Fprintf(t, "\nNODE\tdatabase\t%s\thad a TTL\tvanished\tfailed\n", fixed)
		for _, n := range r.Nodes {
			fmt.Fprintf(t, "%s\t%d\t%s\n", n.Node, n.DB, n.columns())
		}
	}
	for _, f := range r.Failures {
		fmt.Fprintf(t, "\nfailed: %s db %d %s: %s", f.Node, f.DB, output.Short(f.Key, 56), f.Error)
	}
	if len(r.Failures) > 0 {
		fmt.Fprintln(t)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(t, "\nnote: %s", n)
	}
	if len(r.Notes) > 0 {
		fmt.Fprintln(t)
	}
	if r.Changes != "" && r.Total.Fixed > 0 {
		fmt.Fprintf(t, "\nTo take it back: curfew ttl fix --undo %s\n", r.Changes)
	}
	return t.Flush()
}

func (r *Report) headline() string {
	verb, looked := "Gave a TTL to", r.Total.Fixed+r.Total.HadTTL+r.Total.Vanished+r.Total.Failed
	if r.DryRun {
		verb = "Dry run: would give a TTL to"
	}
	line := fmt.Sprintf("%s %s of %s keys", verb, humanize.Comma(r.Total.Fixed), humanize.Comma(looked))
	if r.Resumed {
		line += ", the run before included,"
	}
	line += fmt.Sprintf(" in %.1fs", r.Took)
	if !r.Resumed && r.Took > 0 {
		line += fmt.Sprintf(" (%s keys/s)", humanize.Comma(int64(float64(looked)/r.Took)))
	}
	if !r.Complete {
		line += "; it did not get to the end"
	}
	return line + "."
}

func (c Counts) columns() string {
	return humanize.Comma(c.Fixed) + "\t" + humanize.Comma(c.HadTTL) + "\t" + humanize.Comma(c.Vanished) + "\t" + humanize.Comma(c.Failed)
}

// Text writes what was undone for people.
func (u *Undone) Text(w io.Writer) error {
	verb := "Took the TTL back from"
	if u.DryRun {
		verb = "Dry run: would take the TTL back from"
	}
	_, err := fmt.Fprintf(w, "%s %s keys. %s have another TTL by now and keep it, %s had none any more, %s are gone, %s failed.\n", verb,
		humanize.Comma(u.Undone), humanize.Comma(u.Renewed), humanize.Comma(u.Without), humanize.Comma(u.Gone), humanize.Comma(u.Failed))
	for _, f := range u.Failures {
		fmt.Fprintf(w, "failed: %s\n", f)
	}
	return err
}
