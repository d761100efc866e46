package skew

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

func clock(node string, offset, bound time.Duration) lifetime.ClockReading {
	return lifetime.ClockReading{Node: node, ClockOffset: lifetime.ClockOffset{Offset: offset, Bound: bound, Samples: 8}}
}

func TestTheVerdictKnowsItsError(t *testing.T) {
	gone := lifetime.ClockReading{Node: "gone", Err: errors.New("clock of gone: unplugged")}
	for name, c := range map[string]struct {
		clocks   []lifetime.ClockReading
		host     bool
		want     State
		ahead    string
		compared int
	}{
		"alike":                   {[]lifetime.ClockReading{clock("a", 0, time.Millisecond), clock("b", time.Second, time.Millisecond)}, true, Within, "b", 3},
		"apart by both":           {[]lifetime.ClockReading{clock("a", -3*time.Second, time.Millisecond), clock("b", 3*time.Second, time.Millisecond)}, true, Exceeded, "b", 3},
		"only this host is wrong": {[]lifetime.ClockReading{clock("a", 9*time.Second, 1), clock("b", 9*time.Second, 1)}, true, Exceeded, "a", 3},
		"which was not asked":     {[]lifetime.ClockReading{clock("a", 9*time.Second, 1), clock("b", 9*time.Second, 1)}, false, Within, "b", 2},
		"a far node is behind":    {[]lifetime.ClockReading{clock("a", -9*time.Second, time.Second), gone}, true, Exceeded, lifetime.ThisHost, 2},
		"above, but not for sure": {[]lifetime.ClockReading{clock("a", 6*time.Second, 2*time.Second)}, true, Perhaps, "a", 2},
		"below, but not for sure": {[]lifetime.ClockReading{clock("a", 4*time.Second, 2*time.Second)}, true, Perhaps, "a", 2},
		"just at the limit":       {[]lifetime.ClockReading{clock("a", 5*time.Second, 0)}, true, Within, "a", 2},
		// The widest offset is not proven; a smaller one with a small bound is.
		"the proven one counts": {[]lifetime.ClockReading{clock("far", 20*time.Second, 19*time.Second), clock("near", 6*time.Second, time.Millisecond)}, true, Exceeded, "near", 3},
		"nobody":                {[]lifetime.ClockReading{gone}, false, Within, "", 0},
		"one alone":             {[]lifetime.ClockReading{clock("a", time.Hour, 0), gone}, false, Within, "", 1},
	} {
		v := Judge(lifetime.SkewReport{Nodes: c.clocks}, 5*time.Second, c.host)
		if v.State != c.want || v.Worst.B != c.ahead || v.Compared != c.compared {
			t.Errorf("%s: %+v", name, v)
		}
		if v.Worst.Offset < 0 {
			t.Errorf("%s: %v is shown as behind", name, v.Worst)
		}
	}
}

func TestTheReportReads(t *testing.T) {
	measured := lifetime.SkewReport{Nodes: []lifetime.ClockReading{
		clock("a:1", 7*time.Second, 2*time.Millisecond),
		{Node: "c:3", Err: errors.New("clock of c:3: c:3: unplugged")},
	}}
	nodes := []Node{{Name: "a:1", Role: RolePrimary}, {Name: "c:3", Role: RoleReplica}}
	report := NewReport(nodes, measured, 5*time.Second, Judge(measured, 5*time.Second, true))
	var out bytes.Buffer
	if err := report.Table(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a:1   primary", "7s", "± 2ms", "no answer", "c:3: unplugged\n", "a:1 is 7s ± 2ms ahead of this host: more than 5s"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	text := `
# HELP redis_clock_skew_seconds By how much the clock of the node is ahead of the measuring host's, corrected by half of the round trip.
# TYPE redis_clock_skew_seconds gauge
redis_clock_skew_seconds{node="a:1"} 7
`
	if err := testutil.CollectAndCompare(Figures{measured}, strings.NewReader(text), "redis_clock_skew_seconds"); err != nil {
		t.Error(err)
	}
	if report.Answered() != 1 {
		t.Errorf("%d answered", report.Answered())
	}
}

func TestClocksOfASentinelSet(t *testing.T) {
	w := rig.RedisSentinel(t, 1)
	options := connect.Options{Addrs: w.Addrs(), SentinelMaster: w.Master}
	target, err := connect.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	nodes, err := Of(t.Context(), target)
	if err != nil || len(nodes) != 2 || nodes[0].Role != RolePrimary || nodes[1].Role != RoleReplica {
		t.Fatalf("%+v %v", nodes, err)
	}
	// A Sentinel does not know TIME.
	sentinels, closeAll := Named(t.Context(), options, RoleSentinel, w.Addrs())
	defer closeAll()
	report := Measure(t.Context(), append(nodes, sentinels...), 4)
	if err := report.Err(); err != nil || len(report.Nodes) != 5 {
		t.Fatalf("%+v %v", report, err)
	}
	// All run on this machine, on one clock: whatever is measured must be within the bound.
	if v := Judge(report, time.Second, true); v.Worst.Proven() > time.Millisecond || v.Compared != 6 {
		t.Errorf("clocks of one machine: %+v", v)
	}
}

func TestClocksOfNamedServers(t *testing.T) {
	a, b := rig.Redis(t), rig.Curfew(t)
	nodes, closeAll := Named(t.Context(), connect.Options{Timeout: 2 * time.Second}, RoleNode, []string{a.Addr, "127.0.0.1:1", b.Addr})
	defer closeAll()
	report := Measure(t.Context(), nodes, 3)
	if report.Nodes[0].Err != nil || report.Nodes[1].Err == nil || report.Nodes[2].Err != nil {
		t.Fatalf("%+v", report)
	}
	if v := Judge(report, time.Second, true); v.Compared != 3 || v.State != Within {
		t.Errorf("%+v", v)
	}
}
