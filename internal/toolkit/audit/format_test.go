package audit

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/curfewkv/curfew/internal/toolkit/output"
)

var update = flag.Bool("update", false, "write the golden files")

// hostile are keys that some client wrote to do harm to who reads a report.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "\x1b[31mred\x07", "=HYPERLINK(\"http://evil\")", "a\nb,c", "\xff\xfe", `{{.Report}}`,
	"right‮to-left",
}

// goldenReport is a sample of a population, with some hostile keys.
func goldenReport(t *testing.T) *Report {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 5))
	p := newPopulation(r, 50_000)
	for i := range p.records {
		p.records[i].Idle = time.Duration(i%7000) * time.Second
		if p.records[i].TTL != NoTTL {
			p.records[i].TTL = time.Duration(1+i%40) * 20 * time.Hour / time.Duration(1+i%17*i%23)
		}
	}
	s := newSample(2)
	drawn := p.draw(r, 4000)
	s.add(0, drawn, &p.info)
	var list []Record
	for i, key := range hostile {
		list = append(list, Record{Key: key, Type: "hash", TTL: NoTTL, Bytes: int64(3_000_000 * (i + 1)), Idle: time.Second, Freq: unknown})
	}
	p.info.Node, p.info.Looked, p.info.AvgTTL = "10.0.0.1:6379", 4000, 3_600_000
	other := Keyspace{Node: "10.0.0.2:6379", Replica: true, DB: 2, Keys: int64(len(list)), NoTTL: int64(len(list)), Method: methodScan, Looked: int64(len(list))}
	s.add(1, list, &other)
	report := &Report{
		At: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), Mode: "cluster", Method: methodSample, Complete: true, Level: confidence,
		Command: "curfew ttl audit -a 10.0.0.1:6379", Keyspaces: []Keyspace{p.info, other},
		Servers: []Server{
			{Addr: "10.0.0.1:6379", Version: "redis 7.0.15", UsedMemory: 900 << 20, MaxMemory: 1 << 30, Policy: "volatile-ttl", Evicted: 17, Expired: 123456},
			{Addr: "10.0.0.2:6379", Version: "valkey 8.1.0", UsedMemory: 5 << 20, Policy: "noeviction"},
		},
	}
	o, err := Options{}.check()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.report(o, report); err != nil {
		t.Fatal(err)
	}
	a := &auditor{options: o, columns: &columns{memory: true, idle: true}, report: report}
	a.finish(1200 * time.Millisecond)
	return report
}

func TestFormatsAreAsBefore(t *testing.T) {
	report := goldenReport(t)
	for name, write := range map[string]func(io.Writer) error{
		"table-80.txt": func(w io.Writer) error {
			if err := WriteCounts(w, report); err != nil {
				return err
			}
			return WriteTable(w, report, 80)
		},
		"table-160.txt":   func(w io.Writer) error { return WriteTable(w, report, 160) },
		"report.json":     func(w io.Writer) error { return output.JSON(w, report) },
		"report.csv":      func(w io.Writer) error { return WriteCSV(w, report, 0) },
		"report.prom.txt": func(w io.Writer) error { return WritePrometheus(w, report, 0) },
		"report.html":     func(w io.Writer) error { return WriteHTML(w, report, 0) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), want) {
			t.Errorf("%s has changed (go test -update writes it):\n%s", name, b.String())
		}
	}
}

func TestTheTableFitsTheTerminal(t *testing.T) {
	report := goldenReport(t)
	report.Prefixes[0].Prefix = strings.Repeat("a-very-long-prefix:", 10) + "*"
	for _, width := range []int{60, 80, 100, 120, 160} {
		var b strings.Builder
		if err := WriteTable(&b, report, width); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			line = strings.TrimRight(line, "\n ")
			if n := utf8.RuneCountInString(strings.TrimRight(line, "─")); n > width {
				t.Errorf("%d columns: a line of %d: %q", width, n, line)
			}
			if strings.ContainsFunc(line, unicode.IsControl) || !utf8.ValidString(line) {
				t.Errorf("a key acts on the terminal: %q", line)
			}
		}
	}
}

func TestThePageIsSelfContainedAndKeysDoNotActInIt(t *testing.T) {
	var b strings.Builder
	if err := WriteHTML(&b, goldenReport(t), 0); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, bad := range []string{"<script", "<img", "src=", "href=", "@import", "url(", "<link", "onerror=alert(1)>", "ZgotmplZ"} {
		if strings.Contains(strings.ReplaceAll(text, "src=x onerror=alert(1)&gt;", ""), bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	for _, escaped := range []string{"&lt;script&gt;alert(1)&lt;/script&gt;", "{{.Report}}"} {
		if !strings.Contains(text, escaped) {
			t.Errorf("the page does not show %s", escaped)
		}
	}
}

func TestCSVIsReadBackAndIsNoFormula(t *testing.T) {
	report := goldenReport(t)
	var b strings.Builder
	if err := WriteCSV(&b, report, 0); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(rows) != len(report.Prefixes)+2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows[1:] {
		for _, text := range row {
			if text != "" && strings.ContainsAny(text[:1], "=+@") {
				t.Errorf("a spreadsheet takes %q for a formula", text)
			}
		}
	}
}

func TestPrometheusReadsTheText(t *testing.T) {
	report := goldenReport(t)
	var b strings.Builder
	if err := WritePrometheus(&b, report, 0); err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(families["curfew_audit_prefix_keys"].GetMetric()); n != len(report.Prefixes) {
		t.Errorf("%d series for %d prefixes", n, len(report.Prefixes))
	}
	sum := 0.0
	for _, m := range families["redis_no_ttl_keys_total"].GetMetric() {
		sum += m.GetGauge().GetValue()
	}
	if want, _ := report.ExactNoTTL(); sum != want {
		t.Errorf("%g keys without a TTL, want %g", sum, want)
	}
}

func TestJSONHasRawFigures(t *testing.T) {
	report := goldenReport(t)
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Total struct {
			Keys, Bytes struct{ Value, Low, High int64 }
			TTL         []Bar `json:"ttl_histogram"`
		}
		Prefixes []struct{ Keys struct{ Value int64 } }
	}
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if back.Total.Keys.Value != int64(report.Total.Keys.Value) || back.Total.Bytes.Low >= back.Total.Bytes.High || len(back.Total.TTL) != len(TTLClasses) {
		t.Errorf("%+v", back.Total)
	}
}

func TestFiguresForPeople(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 999: "999", 9999: "9,999", 10_000: "10.0k", 123_456: "123k", 999_960: "1.00M", 1_234_567: "1.23M", 5e9: "5.00G"} {
		if got := humanCount(n); got != want {
			t.Errorf("%g: %s, want %s", n, got, want)
		}
	}
	for n, want := range map[float64]string{-1: "-", 0: "0 B", 1023: "1023 B", 1024: "1.00 KiB", 1 << 20: "1.00 MiB", 1.5 * (1 << 30): "1.50 GiB"} {
		if got := humanBytes(n); got != want {
			t.Errorf("%g: %s, want %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0s", 5 * time.Millisecond: "5ms", 90 * time.Second: "90s", 90 * time.Minute: "90m", 36 * time.Hour: "36h", 72 * time.Hour: "3d", 3 * 365 * 24 * time.Hour: "3y"} {
		if got := humanTime(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
	for s, want := range map[string]string{"abcdefghijklmno": "abcde…mno", "short": "short"} {
		if got := output.Short(s, 9); got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
	}
}

func TestALongNameLeavesRoomOnThePage(t *testing.T) {
	if key := newHTMLKey(BigKey{Key: "k:" + strings.Repeat("x", 5000)}); len([]rune(key.Name)) > longestName {
		t.Errorf("%d runes", len([]rune(key.Name)))
	}
}
