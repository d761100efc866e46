package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func (f *fixed) Run(_ context.Context, t *Target) ([]Figure, error) { return f.run(t) }

func suite(t *testing.T, s Scenario, rounds int) *Report {
	t.Helper()
	a, b := startStub(t, polite), startStub(t, polite)
	x := Suite{Scenarios: []Scenario{s}, Rounds: rounds, Contenders: []Launcher{
		&Running{Label: "a", Addr: a.listener.Addr().String()}, &Running{Label: "b", Addr: b.listener.Addr().String()}}}
	r, err := x.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestContendersTakeTurnsAndMediansAreCompared(t *testing.T) {
	// a, b, a, b, a, b: the medians are 3 and 8.
	r := suite(t, &fixed{values: []float64{3, 8, 9, 7, 1, 100}}, 3)
	rows := r.Outcomes[0].Rows
	if len(rows) != 4 {
		t.Fatalf("%d rows", len(rows))
	}
	if got := [2]float64{rows[0].Cells[0].Median, rows[0].Cells[1].Median}; got != [2]float64{3, 8} {
		t.Errorf("medians %v", got)
	}
	for i, want := range []Verdict{Met, Met, Missed, Unknown} {
		if got := rows[i].Verdict(); got != want {
			t.Errorf("%s: %q, want %q", rows[i].Name, got, want)
		}
	}
	if ratio, ok := rows[0].ratio(); !ok || ratio != 3.0/8 {
		t.Errorf("ratio %v %v", ratio, ok)
	}
	if missed, checked := r.Missed(); missed != 1 || checked != 3 {
		t.Errorf("%d of %d missed", missed, checked)
	}
	if r.Failed() {
		t.Error("nothing failed")
	}
}

func TestAFailureOfOneContenderLeavesTheOthersFigures(t *testing.T) {
	r := suite(t, &fixed{values: []float64{3, 5}, fail: "b"}, 2)
	o := r.Outcomes[0]
	if !r.Failed() || !strings.Contains(o.Failures["b"], "no such command") || len(o.Failures) != 1 {
		t.Errorf("failures %v", o.Failures)
	}
	if c := o.Rows[0].Cells; c[0].Median != 4 || c[1].Missing == "" {
		t.Errorf("cells %+v", c)
	}
	if v := o.Rows[0].Verdict(); v != Unknown {
		t.Errorf("a share of a figure that is missing is %q", v)
	}
	if v := o.Rows[1].Verdict(); v != Met {
		t.Errorf("a fixed goal needs no peer: %q", v)
	}
}

func TestReportsSayWhatWasMeasured(t *testing.T) {
	r := suite(t, &fixed{values: []float64{8, 9}}, 1)
	r.Command = "curfew bench fixed"
	var table, page bytes.Buffer
	if err := r.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteMarkdown(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"FIXED", "<= 0.50 x peer", ">= 8.00", "0.89", "MISSED", "0 of 3 goals met"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("no %q in\n%s", want, &table)
		}
	}
	for _, want := range []string{"`curfew bench fixed`", "| cost | us/request | ≤ 0.50 x peer | 8.00 | 9.00 | 0.89 | **MISSED** |",
		"absent, a: unknown command.", "curfew replay", "About <it>."} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("no %q in\n%s", want, &page)
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back.Outcomes, r.Outcomes) {
		t.Errorf("JSON does not keep the outcomes: %v", err)
	}
}

func TestVerdictKnowsWhichWayIsBetter(t *testing.T) {
	for _, c := range []struct {
		better Direction
		goal   *Goal
		value  float64
		want   Verdict
	}{
		{Lower, limit(5), 5, Met}, {Lower, limit(5), 5.1, Missed}, {Lower, limit(0), 0, Met},
		{Higher, limit(1000), 1000, Met}, {Higher, limit(1000), 999, Missed}, {Lower, nil, 1, Unknown},
		{Lower, ofPeer(.5, ""), 1, Unknown},
	} {
		r := Row{Figure: Figure{Better: c.better, Goal: c.goal}, Cells: []Cell{{Median: c.value}}}
		if got := r.Verdict(); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestQuantilesAndMedians(t *testing.T) {
	var w waits
	for i := range 1000 {
		w = append(w, wait{instant(i * 10), time.Duration(1000 - i)})
	}
	d := w.distribution()
	for q, want := range map[float64]time.Duration{0: 1, .5: 500, .99: 990, .999: 999, 1: 1000} {
		if got := d.quantile(q); got != want {
			t.Errorf("quantile %v: %v, want %v", q, got, want)
		}
	}
	if got := (distribution{}).quantile(.5); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
	if got := w.between(100, 200); len(got) != 10 || got[0].due != 100 || got[9].due != 190 {
		t.Errorf("between: %v", got)
	}
	if got := w.between(200, 100); len(got) != 0 {
		t.Errorf("an empty span: %v", got)
	}
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{5}, 5}, {[]float64{9, 1}, 5}, {[]float64{9, 1, 2}, 2}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v: %v", c.values, got)
		}
	}
}

func TestLagCountsWhatNeverArrived(t *testing.T) {
	s := &lag{background: 5, wait: 20 * time.Second}
	byName := func(figures []Figure) map[string]Figure {
		m := make(map[string]Figure)
		for _, f := range figures {
			m[strings.Fields(f.Name)[0]] = f
		}
		return m
	}
	few := byName(s.figures(distribution{-time.Millisecond, 2 * time.Millisecond}))
	if f := few["p99"]; !f.AtLeast || f.Value != 20_000 {
		t.Errorf("p99 of two events: %+v", f)
	}
	if few["early"].Value != 1 || few["events"].Value != 2 {
		t.Errorf("%+v", few)
	}
	all := make(distribution, lagProbes)
	for i := range all {
		all[i] = time.Duration(i+1) * time.Microsecond
	}
	if f := byName(s.figures(all))["p99"]; f.AtLeast || math.Abs(f.Value-.99) > 1e-9 {
		t.Errorf("p99 of all: %+v", f)
	}
	// 990 of 1000: the 99th percentile is the last one that came.
	if f := byName(s.figures(all[:990]))["p99"]; f.AtLeast || math.Abs(f.Value-.99) > 1e-9 {
		t.Errorf("p99 of 990: %+v", f)
	}
	if f := byName(s.figures(all[:989]))["p99"]; !f.AtLeast {
		t.Errorf("p99 of 989: %+v", f)
	}
}

func TestRepliesAreCountedHoweverTheyAreSplit(t *testing.T) {
	const stream = "+OK\r\n$5\r\na\r\nb\n\r\n$-1\r\n:12\r\n-ERR x\r\n$0\r\n\r\n_\r\n$70\r\n" +
		"0123456789012345678901234567890123456789012345678901234567890123456789\r\n" +
		"*3\r\n$2\r\nab\r\n$-1\r\n:1\r\n*0\r\n*-1\r\n"
	const want = 11
	for size := 1; size <= len(stream); size++ {
		var c replyCounter
		got := 0
		for at := 0; at < len(stream); at += size {
			n, err := c.count([]byte(stream[at:min(at+size, len(stream))]))
			if err != nil {
				t.Fatalf("pieces of %d: %v", size, err)
			}
			got += n
		}
		if got != want || c.failed != 1 || c.firstError != "ERR x" {
			t.Errorf("pieces of %d: %d replies, %d errors (%q)", size, got, c.failed, c.firstError)
		}
	}
	for _, bad := range []string{"*1\r\n*1\r\n", "*x\r\n", "\r\n", "$x\r\n", "$99999999999\r\n", "HTTP/1.1 400\r\n"} {
		var c replyCounter
		if _, err := c.count([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestRequestsAreWellFormed(t *testing.T) {
	for want, got := range map[string][]byte{
		"*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000042\r\n$2\r\nvv\r\n":                         set("key:", []byte("vv"))(nil, 42),
		"*5\r\n$3\r\nSET\r\n$16\r\nsession:00000001\r\n$1\r\nv\r\n$2\r\nEX\r\n$3\r\n101\r\n": setWith("session:", []byte("v"), "EX", func(i int64) int64 { return 100 + i })(nil, 1),
		"$2\r\n-7\r\n":   appendInt(nil, -7),
		"$4\r\nk765\r\n": appendKey(nil, "k", 98765, 4), // the last digits: keys stay as long as they are
	} {
		if string(got) != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestFiguresAreWrittenWithTheDigitsTheyDeserve(t *testing.T) {
	for _, c := range []struct {
		unit  Unit
		value float64
		want  string
	}{
		{MicrosPerRequest, 8.123, "8.12"}, {MicrosPerRequest, .8349, "0.83"}, {BytesPerKey, 71.96, "72.0"}, {BytesPerKey, 136.4, "136"},
		{PerSecond, 1234567.8, "1,234,568"}, {Bytes, -1234, "-1,234"}, {Millis, 0, "0"}, {Count, 3, "3"}, {Millis, .0123, "0.012"},
	} {
		if got := c.unit.format(c.value); got != c.want {
			t.Errorf("%v %s: %q, want %q", c.value, c.unit, got, c.want)
		}
	}
	for want, got := range map[string]string{
		"": (*Goal)(nil).text(Millis, Lower), "<= 72": limit(72).text(BytesPerKey, Lower), ">= 1,000": limit(1000).text(Count, Higher),
		"<= 0.49 x peer": ofPeer(.49, "").text(MicrosPerRequest, Lower), "<= 0.5": limit(.5).text(Seconds, Lower),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestRedisBenchmarksTableIsReadByItsTitles(t *testing.T) {
	out := `"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
"SET","95238.10","0.282","0.112","0.263","0.423","0.607","1.127"
`
	s, err := parseRedisBenchmark([]byte(out))
	if err != nil || s.rate != 95238.10 || s.p50 != 263*time.Microsecond || s.p99 != 607*time.Microsecond {
		t.Errorf("%+v, %v", s, err)
	}
	for _, bad := range []string{"", "\"test\"\n", "\"test\",\"rps\"\n\"SET\",\"x\"\n", "Could not connect\n"} {
		if s, err := parseRedisBenchmark([]byte(bad)); err == nil {
			t.Errorf("%q gave %+v", bad, s)
		}
	}
}

func TestTheCommandNamesNoFoldersOfThisMachine(t *testing.T) {
	got := CommandLine([]string{"bench", "--report", "/home/x/docs/b.md", "--json=/var/b.json", "--config", "hz 100", "--redis-benchmark", ""})
	if want := `curfew bench --report b.md --json=b.json --config "hz 100" --redis-benchmark ""`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestSelectKeepsTheOrderAndRefusesUnknownNames(t *testing.T) {
	all := Scenarios(Full())
	some, err := Select(all, []string{"storm", "memory"})
	if err != nil || len(some) != 2 || some[0].Name() != "memory" || some[1].Name() != "storm" {
		t.Errorf("%v, %v", some, err)
	}
	if _, err := Select(all, []string{"nosuch"}); err == nil || !strings.Contains(err.Error(), "churn") {
		t.Errorf("unknown name: %v", err)
	}
	if some, err := Select(all, nil); err != nil || len(some) != len(all) {
		t.Errorf("no names: %v", err)
	}
	for _, s := range all {
		if s.Short() == "" || len(s.About()) < 80 {
			t.Errorf("%s explains too little", s.Name())
		}
	}
}

// Every scenario must run through against a real server; with sizes this small its figures mean nothing.
func TestEveryScenarioRunsAgainstRedis(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some ten seconds")
	}
	program := redisServer(t)
	sizes := Sizes{Requests: 2000, Keys: 5000, Background: 500, LagWait: 300 * time.Millisecond, Fill: 5000, Eviction: 50_000,
		ChurnMemory: 4 << 20, ChurnTurns: 1, Connections: 50, BigString: 1 << 20, BigMembers: 1000}
	s := Suite{Scenarios: Scenarios(sizes), Contenders: []Launcher{program}, Rounds: 1}
	r, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range r.Outcomes {
		if o.Failures["redis"] != "" {
			t.Errorf("%s: %s", o.Scenario, o.Failures["redis"])
		}
		if len(o.Rows) == 0 {
			t.Errorf("%s has no figures", o.Scenario)
		}
		for _, row := range o.Rows {
			c := row.Cells[0]
			if c.Missing != "" || math.IsNaN(c.Median) || math.IsInf(c.Median, 0) {
				t.Errorf("%s, %s: %+v", o.Scenario, row.Name, c)
			}
		}
	}
	if v := r.Servers["redis"]; !strings.HasPrefix(v, "redis ") {
		t.Errorf("version %q", v)
	}
	if program.cmd != nil || program.dir != "" {
		t.Error("the last server was not stopped")
	}
}

func TestAServerThatDoesNotStartIsReportedWithItsLastWords(t *testing.T) {
	program := redisServer(t)
	program.Config = []string{"--no-such-setting", "1"}
	_, _, err := program.Launch(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no-such-setting") {
		t.Errorf("%v", err)
	}
}
