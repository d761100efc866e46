package skew

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/curfewkv/curfew/lifetime"
)

// A Report is one measurement with its verdict, as it is shown. Times are in seconds, as Prometheus has them.
type Report struct {
	At       time.Time `json:"at"`
	Limit    float64   `json:"max_seconds"`
	State    State     `json:"state"`
	Compared int       `json:"clocks_compared"`
	Worst    *Pair     `json:"worst,omitempty"` // nil: nothing could be compared
	Nodes    []Row     `json:"nodes"`
}

// A Pair says by how much the clock of Ahead is ahead of that of Behind.
type Pair struct {
	Ahead  string  `json:"ahead"`
	Behind string  `json:"behind"`
	Offset float64 `json:"offset_seconds"`
	Bound  float64 `json:"bound_seconds"`
}

// A Row is one node against this host.
type Row struct {
	Node      string  `json:"node"`
	Role      string  `json:"role"`
	Offset    float64 `json:"offset_seconds"`
	Bound     float64 `json:"bound_seconds"`
	RoundTrip float64 `json:"round_trip_seconds"`
	Samples   int     `json:"samples"`
	Error     string  `json:"error,omitempty"` // it could not be asked; the numbers mean nothing then
}

// NewReport puts a measurement of these nodes and its verdict together.
func NewReport(nodes []Node, measured lifetime.SkewReport, limit time.Duration, v Verdict) Report {
	r := Report{At: measured.At, Limit: limit.Seconds(), State: v.State, Compared: v.Compared}
	if v.Compared >= 2 {
		r.Worst = &Pair{Ahead: v.Worst.B, Behind: v.Worst.A, Offset: v.Worst.Offset.Seconds(), Bound: v.Worst.Bound.Seconds()}
	}
	for i, n := range measured.Nodes {
		row := Row{
			Node: n.Node, Role: nodes[i].Role, Offset: n.Offset.Seconds(), Bound: n.Bound.Seconds(),
			RoundTrip: n.RoundTrip.Seconds(), Samples: n.Samples,
		}
		if n.Err != nil {
			row.Error = strings.TrimPrefix(strings.TrimPrefix(n.Err.Error(), "clock of "+n.Node+": "), n.Node+": ")
		}
		r.Nodes = append(r.Nodes, row)
	}
	return r
}

// Answered is how many nodes could be asked.
func (r Report) Answered() int {
	n := 0
	for _, row := range r.Nodes {
		if row.Error == "" {
			n++
		}
	}
	return n
}

// Verdict says in words what was found.
func (r Report) Verdict() string {
	if r.Worst == nil {
		return "nothing to compare"
	}
	limit := seconds(r.Limit)
	pair := fmt.Sprintf("%s is %s ± %s ahead of %s", r.Worst.Ahead, show(r.Worst.Offset), show(r.Worst.Bound), r.Worst.Behind)
	switch r.State {
	case Exceeded:
		return fmt.Sprintf("%s: more than %v", pair, limit)
	case Perhaps:
		return fmt.Sprintf("%s: perhaps more than %v, which is within the error", pair, limit)
	}
	return fmt.Sprintf("%s: within %v", pair, limit)
}

// Table writes the report for a person.
func (r Report) Table(w io.Writer) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.Style().Options.DrawBorder, t.Style().Options.SeparateColumns = false, false
	t.AppendHeader(table.Row{"Node", "Role", "Ahead of this host", "Error bound", "Round trip", "Samples"})
	var failed strings.Builder
	for _, n := range r.Nodes {
		if n.Error != "" {
			t.AppendRow(table.Row{n.Node, n.Role, "no answer", "", "", ""})
			fmt.Fprintf(&failed, "%s: %s\n", n.Node, n.Error)
			continue
		}
		t.AppendRow(table.Row{n.Node, n.Role, show(n.Offset), "± " + show(n.Bound), show(n.RoundTrip), n.Samples})
	}
	right := table.ColumnConfig{Align: text.AlignRight, AlignHeader: text.AlignRight}
	var columns []table.ColumnConfig
	for number := 3; number <= 6; number++ {
		right.Number = number
		columns = append(columns, right)
	}
	t.SetColumnConfigs(columns)
	_, err := fmt.Fprintf(w, "%s\n\n%s%s\n", t.Render(), failed.String(), r.Verdict())
	return err
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// show rounds to what a person reads: three or four digits that mean something.
func show(s float64) string {
	d := seconds(s)
	switch a := d.Abs(); {
	case a >= time.Second:
		return d.Round(time.Millisecond).String()
	case a >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(100 * time.Nanosecond).String()
}
