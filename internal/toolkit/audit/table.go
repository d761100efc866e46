package audit

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/curfewkv/curfew/internal/toolkit/output"
)

// columnSpec is a column of the table of prefixes. The most needful come first: what does not fit is left out from the end.
type columnSpec struct {
	title string
	width int // about what it takes, with its gap
	show  func(*Report) bool
	cell  func(*Row) string
	left  bool
}

func always(*Report) bool { return true }

// prefixColumns in the order of need; they are shown in the order of place.
var prefixColumns = []struct {
	columnSpec
	place int
}{
	{columnSpec{"keys", 8, always, func(r *Row) string { return humanCount(r.Keys.Value) }, false}, 1},
	{columnSpec{"no TTL", 8, always, func(r *Row) string { return humanCount(r.NoTTL.Value) }, false}, 4},
	{columnSpec{"bytes", 10, func(r *Report) bool { return r.HasBytes }, func(r *Row) string { return humanBytes(r.Bytes.Value) }, false}, 6},
	{columnSpec{"TTL p50", 9, always, func(r *Row) string { return humanMS(r.TTLMedian) }, false}, 8},
	{columnSpec{"±", 8, sampled, func(r *Row) string { return marginText(r.Keys) }, false}, 2},
	{columnSpec{"share", 8, always, func(r *Row) string { return humanShare(r.Share) }, false}, 3},
	{columnSpec{"idle p50", 10, func(r *Report) bool { return r.HasIdle }, func(r *Row) string { return humanSeconds(r.IdleMedian) }, false}, 11},
	{columnSpec{"freq p50", 10, func(r *Report) bool { return r.HasFreq }, func(r *Row) string { return freqText(r.FreqMedian) }, false}, 11},
	{columnSpec{"TTLs", 11, always, func(r *Row) string { return spark(r) }, true}, 10},
	{columnSpec{"TTL p90", 9, always, func(r *Row) string { return humanMS(r.TTLP90) }, false}, 9},
	{columnSpec{"idle p90", 10, func(r *Report) bool { return r.HasIdle }, func(r *Row) string { return humanSeconds(r.IdleP90) }, false}, 12},
	{columnSpec{"±bytes", 11, func(r *Report) bool { return r.HasBytes && sampled(r) }, func(r *Row) string { return bytesMargin(r.Bytes) }, false}, 7},
	{columnSpec{"biggest", 10, func(r *Report) bool { return r.HasBytes }, func(r *Row) string { return bigText(r) }, false}, 13},
	{columnSpec{"types", 10, always, func(r *Row) string { return typesText(r) }, true}, 14},
}

func sampled(r *Report) bool {
	return slices.ContainsFunc(r.Prefixes, func(row Row) bool { return !row.Keys.Exact() })
}

func marginText(e Estimate) string {
	if e.Exact() {
		return ""
	}
	return "±" + humanCount(margin(e))
}

func bytesMargin(e Estimate) string {
	if e.Exact() {
		return ""
	}
	return "±" + humanBytes(margin(e))
}

func freqText(x *float64) string {
	if x == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f", *x)
}

func bigText(r *Row) string {
	if r.Biggest == nil {
		return "-"
	}
	return humanBytes(float64(r.Biggest.Bytes))
}

func typesText(r *Row) string {
	names := make([]string, 0, len(r.Types))
	for name := range r.Types {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if r.Types[a] != r.Types[b] {
			return int(r.Types[b] - r.Types[a])
		}
		return strings.Compare(a, b)
	})
	if len(names) > 2 {
		names = append(names[:2], "…")
	}
	return strings.Join(names, ",")
}

// spark draws the histogram of TTLs, a column for each class; a class with keys is never invisible.
func spark(r *Row) string {
	most := 0.0
	for _, bar := range r.TTL {
		most = max(most, bar.Keys)
	}
	bars := []rune("▁▂▃▄▅▆▇█")
	var line strings.Builder
	for _, bar := range r.TTL {
		if bar.Keys == 0 {
			line.WriteByte('.')
			continue
		}
		line.WriteRune(bars[min(len(bars)-1, int(bar.Keys/most*float64(len(bars))))])
	}
	return line.String()
}

// WriteCounts writes what INFO tells, which is known before keys are looked at.
func WriteCounts(w io.Writer, r *Report) error {
	t := newTable()
	t.AppendHeader(table.Row{"node", "db", "keys", "with TTL", "no TTL", "no TTL %", "average TTL"})
	for _, k := range r.Keyspaces {
		node := k.Node
		if k.Replica {
			node += " (replica)"
		}
		row := table.Row{node, k.DB, "?", "?", "?", "?", "?"}
		if k.Keys >= 0 {
			row[2] = humanize.Comma(k.Keys)
		}
		if k.Expires >= 0 {
			row[3], row[4] = humanize.Comma(k.Expires), humanize.Comma(k.NoTTL)
			row[5], row[6] = humanShare(ratio(float64(k.NoTTL), float64(k.Keys))), humanMS(&k.AvgTTL)
		}
		t.AppendRow(row)
	}
	if len(r.Keyspaces) > 1 {
		if noTTL, ok := r.ExactNoTTL(); ok {
			keys := r.counted()
			t.AppendFooter(table.Row{"all", "", humanize.Comma(int64(keys)), humanize.Comma(int64(keys - noTTL)), humanize.Comma(int64(noTTL)), humanShare(ratio(noTTL, keys)), ""})
		}
	}
	t.SetColumnConfigs(rightAligned(2, 3, 4, 5, 6, 7))
	_, err := fmt.Fprintln(w, t.Render())
	return err
}

func newTable() table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.Style().Options.SeparateHeader = true
	t.Style().Format.Header, t.Style().Format.Footer = text.FormatDefault, text.FormatDefault
	t.Style().Box.PaddingLeft, t.Style().Box.PaddingRight = "", "  "
	t.SuppressTrailingSpaces()
	return t
}

func rightAligned(columns ...int) []table.ColumnConfig {
	var list []table.ColumnConfig
	for _, n := range columns {
		list = append(list, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight, AlignFooter: text.AlignRight})
	}
	return list
}

// WriteTable writes the report for a terminal of so many columns, after WriteCounts.
func WriteTable(w io.Writer, r *Report, width int) error {
	var b strings.Builder
	columns, prefixWidth := fit(r, width)
	t := newTable()
	header := table.Row{"prefix"}
	var right []int
	for i, c := range columns {
		header = append(header, c.title)
		if !c.left {
			right = append(right, i+2)
		}
	}
	t.AppendHeader(header)
	for i := range r.Prefixes {
		row := table.Row{output.Short(output.Printable(r.Prefixes[i].Prefix), prefixWidth)}
		for _, c := range columns {
			row = append(row, c.cell(&r.Prefixes[i]))
		}
		t.AppendRow(row)
	}
	if len(r.Prefixes) > 1 {
		footer := table.Row{"all"}
		for _, c := range columns {
			footer = append(footer, c.cell(&r.Total))
		}
		t.AppendFooter(footer)
	}
	t.SetColumnConfigs(rightAligned(right...))
	if len(r.Prefixes) > 0 {
		fmt.Fprintf(&b, "\n%s\n", t.Render())
	}
	writeBiggest(&b, r, width)
	writeRemarks(&b, r, columns, width)
	_, err := io.WriteString(w, b.String())
	return err
}

// fit chooses the columns that a line has place for beside a prefix that can be read.
func fit(r *Report, width int) ([]columnSpec, int) {
	const minPrefix = 18
	longest := minPrefix
	for _, row := range r.Prefixes {
		longest = max(longest, len([]rune(output.Printable(row.Prefix))))
	}
	longest = min(longest, 60)
	left := width - minPrefix - 2
	type placed struct {
		columnSpec
		place int
	}
	var chosen []placed
	for _, c := range prefixColumns {
		if !c.show(r) {
			continue
		}
		if c.width > left {
			break
		}
		left -= c.width
		chosen = append(chosen, placed{c.columnSpec, c.place})
	}
	slices.SortFunc(chosen, func(a, b placed) int { return a.place - b.place })
	list := make([]columnSpec, len(chosen))
	for i, c := range chosen {
		list[i] = c.columnSpec
	}
	return list, min(longest, minPrefix+left)
}

func writeBiggest(b *strings.Builder, r *Report, width int) {
	const shown = 5
	if len(r.Biggest) == 0 {
		return
	}
	what := "biggest keys seen"
	if r.Method == methodScan && r.Complete {
		what = "biggest keys"
	}
	fmt.Fprintf(b, "\n%s\n", what)
	for _, k := range r.Biggest[:min(shown, len(r.Biggest))] {
		ttl := "no TTL"
		if k.TTL != nil {
			ttl = "TTL " + humanMS(k.TTL)
		}
		fmt.Fprintf(b, "  %10s  %-6s  %-9s  %s\n", humanBytes(float64(k.Bytes)), k.Type, ttl, output.Short(output.Printable(k.Key), max(20, width-33)))
	}
}

func writeRemarks(b *strings.Builder, r *Report, columns []columnSpec, width int) {
	line := func(format string, args ...any) {
		for part := range strings.Lines(text.WrapSoft(fmt.Sprintf(format, args...), width)) {
			fmt.Fprintln(b, strings.TrimRight(part, " \n"))
		}
	}
	for _, warning := range r.Warnings {
		b.WriteByte('\n')
		line("warning: %s", warning)
	}
	b.WriteByte('\n')
	line("%s", howMeasured(r))
	if slices.ContainsFunc(columns, func(c columnSpec) bool { return c.title == "TTLs" }) {
		line("TTLs, from left to right: %s", strings.Join(TTLClasses, " "))
	}
	for _, note := range r.Notes {
		line("note: %s", note)
	}
}

// howMeasured says what the figures rest on.
func howMeasured(r *Report) string {
	took := humanTime(seconds(r.Took))
	switch {
	case r.Mode == "rdb":
		return fmt.Sprintf("All %s keys of the file, read in %s.", humanize.Comma(r.Looked), took)
	case r.Method == methodScan && r.Complete:
		return fmt.Sprintf("Every key was looked at: %s in %s.", humanize.Comma(r.Looked), took)
	case r.Method == methodScan:
		return fmt.Sprintf("%s of %s keys were looked at, in %s; the figures are of those.", humanize.Comma(r.Looked), humanize.Comma(int64(r.counted())), took)
	case !sampled(r):
		return fmt.Sprintf("All %s keys were looked at, in %s.", humanize.Comma(r.Looked), took)
	}
	return fmt.Sprintf("A random sample of %s of %s keys, taken in %s. Each ± holds the truth in %.0f cases of 100; the totals of keys are exact.",
		humanize.Comma(r.Looked), humanize.Comma(int64(r.counted())), took, 100*r.Level)
}
