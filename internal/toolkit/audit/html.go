package audit

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/curfewkv/curfew/internal/toolkit/output"
)

//go:embed report.gohtml
var page string

// The template escapes: a key is whatever some client wrote.
var pageTemplate = template.Must(template.New("report").Parse(page))

// htmlPage is what the template shows. Figures are texts already: it decides where they stand, not how they read.
type htmlPage struct {
	Report       *Report
	Where, Date  string
	Level        string
	How          string
	BiggestTitle string
	Looked       bool
	Sampled      bool
	Replicas     bool
	Classes      []string
	Tiles        []htmlTile
	Offenders    []htmlBar
	Histogram    []htmlColumn
	Rows         []htmlRow
	Biggest      []htmlKey
	Keyspaces    []htmlKeyspace
	Servers      []htmlServer
}

type htmlTile struct {
	What, Figure, Note string
	Bad                bool
}

type htmlBar struct {
	Name, Value, Margin string
	Percent             float64
}

// htmlColumn is a bar of the histogram, in the units of its view box.
type htmlColumn struct {
	Kind, Class, Keys, Share    string
	X, Y, Height, Middle, TextY float64
}

type htmlRow struct {
	Name, Keys, KeysMargin, Share, NoTTL, Bytes, BytesMargin string
	TTLMedian, TTLP90, IdleMedian, IdleP90, Freq, Biggest    string
	BiggestKey, Types                                        string
	Hot                                                      bool
	Stack                                                    []htmlPart
}

type htmlPart struct {
	Color, Class, Share string
	Percent             float64
}

type htmlKey struct {
	Name, Bytes, Type, TTL string
	NoTTL                  bool
}

type htmlKeyspace struct{ Node, DB, Keys, Expires, NoTTL, Ratio, Looked string }

type htmlServer struct{ Addr, Version, Used, Max, Policy, Evicted, Expired string }

// offendersShown is how many prefixes the chart of keys without a TTL has.
const offendersShown = 10

// WriteHTML writes a page that needs nothing else: no scripts, and no requests.
func WriteHTML(w io.Writer, r *Report, _ int) error {
	p := htmlPage{
		Report: r, Where: where(r), Date: r.At.UTC().Format("2006-01-02 15:04 UTC"), Level: fmt.Sprintf("%.0f", 100*r.Level),
		How: howMeasured(r), BiggestTitle: "Biggest keys seen", Looked: r.Looked > 0, Sampled: sampled(r), Classes: TTLClasses,
		Replicas: slices.ContainsFunc(r.Keyspaces, func(k Keyspace) bool { return k.Replica }),
	}
	if r.Method == methodScan && r.Complete {
		p.BiggestTitle = "Biggest keys"
	}
	p.Tiles = tiles(r)
	p.Offenders = offenders(r)
	p.Histogram = histogram(&r.Total)
	for i := range r.Prefixes {
		p.Rows = append(p.Rows, newHTMLRow(&r.Prefixes[i]))
	}
	for _, k := range r.Biggest {
		p.Biggest = append(p.Biggest, newHTMLKey(k))
	}
	for _, k := range r.Keyspaces {
		p.Keyspaces = append(p.Keyspaces, newHTMLKeyspace(k))
	}
	for _, s := range r.Servers {
		p.Servers = append(p.Servers, newHTMLServer(s))
	}
	if err := pageTemplate.Execute(w, p); err != nil {
		return fmt.Errorf("HTML: %w", err)
	}
	return nil
}

func where(r *Report) string {
	var names []string
	for _, s := range r.Servers {
		names = append(names, s.Addr)
	}
	text := strings.Join(names[:min(4, len(names))], ", ")
	if more := len(names) - 4; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if r.Mode == "standalone" {
		return text
	}
	return r.Mode + " · " + text
}

func tiles(r *Report) []htmlTile {
	total := &r.Total
	noTTL, keys := r.headline()
	list := []htmlTile{
		{What: "Keys", Figure: humanCount(keys), Note: humanize.Comma(int64(keys))},
		{What: "Without a TTL", Figure: humanShare(ratio(noTTL, keys)), Note: humanize.Comma(int64(noTTL)) + " keys", Bad: noTTL > 0},
	}
	if r.HasBytes {
		list = append(list,
			htmlTile{What: "Memory of keys", Figure: humanBytes(total.Bytes.Value), Note: bytesMargin(total.Bytes)},
			htmlTile{What: "Memory without a TTL", Figure: humanShare(ratio(total.NoTTLBytes, total.Bytes.Value)), Note: humanBytes(total.NoTTLBytes), Bad: total.NoTTLBytes > 0})
	}
	return append(list, htmlTile{What: "Median TTL", Figure: humanMS(total.TTLMedian), Note: "of keys that have one"})
}

func offenders(r *Report) []htmlBar {
	rows := slices.Clone(r.Prefixes)
	slices.SortStableFunc(rows, func(a, b Row) int { return int(math.Copysign(1, b.NoTTL.Value-a.NoTTL.Value)) })
	var list []htmlBar
	for _, row := range rows[:min(offendersShown, len(rows))] {
		if row.NoTTL.Value == 0 {
			break
		}
		list = append(list, htmlBar{
			Name: output.Short(output.Printable(row.Prefix), longestName), Value: humanCount(row.NoTTL.Value), Margin: marginText(row.NoTTL),
			Percent: tenths(100 * row.NoTTL.Value / rows[0].NoTTL.Value),
		})
	}
	return list
}

// tenths keeps numbers short in the page.
func tenths(x float64) float64 { return math.Round(x*10) / 10 }

func histogram(total *Row) []htmlColumn {
	const (
		bottom = 190.0
		height = 165.0
		step   = 60.0
	)
	most := 1.0
	for _, bar := range total.TTL {
		most = max(most, bar.Keys)
	}
	var list []htmlColumn
	for i, bar := range total.TTL {
		c := htmlColumn{
			Kind: "f", Class: bar.Class, Keys: humanCount(bar.Keys), Share: humanShare(ratio(bar.Keys, total.Keys.Value)),
			X: 8 + step*float64(i), Height: tenths(height * bar.Keys / most),
		}
		if bar.Keys > 0 {
			c.Height = max(c.Height, 2)
		}
		c.Y = tenths(bottom - c.Height)
		c.Middle, c.TextY = c.X+22, c.Y-6
		if i == classNone {
			c.Kind = "none"
			c.Class = "no TTL"
		}
		list = append(list, c)
	}
	return list
}

func newHTMLRow(r *Row) htmlRow {
	row := htmlRow{
		Name: output.Short(output.Printable(r.Prefix), longestName), Keys: humanCount(r.Keys.Value), KeysMargin: marginText(r.Keys), Share: humanShare(r.Share),
		NoTTL: humanCount(r.NoTTL.Value), Hot: r.NoTTL.Value > 0, Bytes: humanBytes(r.Bytes.Value), BytesMargin: bytesMargin(r.Bytes),
		TTLMedian: humanMS(r.TTLMedian), TTLP90: humanMS(r.TTLP90), IdleMedian: humanSeconds(r.IdleMedian), IdleP90: humanSeconds(r.IdleP90),
		Freq: freqText(r.FreqMedian), Biggest: bigText(r), Types: typesText(r),
	}
	if r.Biggest != nil {
		row.BiggestKey = output.Short(output.Printable(r.Biggest.Key), longestName)
	}
	for i, bar := range r.TTL {
		if bar.Keys == 0 {
			continue
		}
		share := ratio(bar.Keys, r.Keys.Value)
		row.Stack = append(row.Stack, htmlPart{fmt.Sprintf("c%d", i), bar.Class, humanShare(share), tenths(100 * share)})
	}
	return row
}

// longestName is how much of a key is shown: a name of thousands of bytes would push all else off the page.
const longestName = 160

func newHTMLKey(k BigKey) htmlKey {
	key := htmlKey{Name: output.Short(output.Printable(k.Key), longestName), Bytes: humanBytes(float64(k.Bytes)), Type: k.Type, TTL: humanMS(k.TTL)}
	if k.TTL == nil {
		key.TTL, key.NoTTL = "none", true
	}
	return key
}

func newHTMLKeyspace(k Keyspace) htmlKeyspace {
	known := func(n int64) string {
		if n < 0 {
			return "?"
		}
		return humanize.Comma(n)
	}
	space := htmlKeyspace{
		Node: k.Node, DB: fmt.Sprint(k.DB), Keys: known(k.Keys), Expires: known(k.Expires), NoTTL: known(k.NoTTL), Ratio: "?",
		Looked: humanize.Comma(k.Looked),
	}
	if k.Replica {
		space.Node += " (replica)"
	}
	if k.NoTTL >= 0 {
		space.Ratio = humanShare(ratio(float64(k.NoTTL), float64(k.Keys)))
	}
	return space
}

func newHTMLServer(s Server) htmlServer {
	server := htmlServer{Addr: s.Addr, Version: s.Version, Used: humanBytes(float64(s.UsedMemory)), Max: "none", Policy: s.Policy, Evicted: "?", Expired: "?"}
	if s.MaxMemory != 0 {
		server.Max = humanBytes(float64(s.MaxMemory))
	}
	if s.Evicted >= 0 {
		server.Evicted = humanize.Comma(s.Evicted)
	}
	if s.Expired >= 0 {
		server.Expired = humanize.Comma(s.Expired)
	}
	return server
}
