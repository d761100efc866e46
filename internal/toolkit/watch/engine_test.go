package watch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/reading"
	"github.com/curfewkv/curfew/internal/toolkit/skew"
	"github.com/curfewkv/curfew/lifetime"
)

var begin = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// node is what a test says of a server; the reading is made of it as INFO has it.
type node struct {
	name              string
	run               string
	down, refused     bool
	replica           bool
	keys, expires     int
	memory, maxmemory int
	evicted, oom      int
	noErrorstats      bool
	replid, replid2   string
	extra             string
}

func (n node) read(at time.Time) reading.Reading {
	if n.name == "" {
		n.name = "a:1"
	}
	if n.down {
		return reading.Reading{Node: n.name, At: at, Err: errors.New("connection refused")}
	}
	if n.refused {
		return reading.Reading{Node: n.name, At: at, Refused: true}
	}
	role, run := "master", n.run
	if n.replica {
		role = "slave"
	}
	if run == "" {
		run = "run1"
	}
	text := fmt.Sprintf("run_id:%s\r\nrole:%s\r\nused_memory:%d\r\nmaxmemory:%d\r\nevicted_keys:%d\r\nmaster_replid:%s\r\nmaster_replid2:%s\r\n%s",
		run, role, n.memory, n.maxmemory, n.evicted, n.replid, n.replid2, n.extra)
	if !n.noErrorstats {
		text += "# Errorstats\r\n"
	}
	if n.oom > 0 {
		text += fmt.Sprintf("errorstat_OOM:count=%d\r\n", n.oom)
	}
	if n.keys > 0 {
		text += fmt.Sprintf("# Keyspace\r\ndb0:keys=%d,expires=%d,avg_ttl=0\r\n", n.keys, n.expires)
	}
	r := reading.Parse(text)
	r.Node, r.At = n.name, at
	return r
}

// step is one observation, so long after the first, and the events that it must bring: "+rule subject" or "-rule subject".
type step struct {
	after  time.Duration
	nodes  []node
	clocks *skew.Verdict
	sample *reading.Sample
	want   string
}

// only are the rules with all but one off, which is as the setting says.
func only(t *testing.T, setting string) []Rule {
	t.Helper()
	rules := DefaultRules()
	name, _, _ := strings.Cut(setting, "=")
	for i := range rules {
		rules[i].Off = rules[i].Name != name
	}
	if err := Set(rules, setting); err != nil {
		t.Fatal(err)
	}
	return rules
}

func run(t *testing.T, rules []Rule, resolveAfter time.Duration, steps []step) *Engine {
	t.Helper()
	e := NewEngine(rules, resolveAfter)
	for i, s := range steps {
		o := Observation{At: begin.Add(s.after), Clocks: s.clocks, Sample: s.sample}
		for _, n := range s.nodes {
			o.Readings = append(o.Readings, n.read(o.At))
		}
		var got []string
		for _, ev := range e.Observe(o) {
			mark := "-"
			if ev.State == Firing {
				mark = "+"
			}
			got = append(got, mark+ev.Rule+" "+ev.Subject)
			if ev.Text == "" || !ev.At.Equal(o.At) || ev.Since.After(o.At) {
				t.Errorf("step %d: %+v", i, ev)
			}
		}
		if strings.Join(got, ", ") != s.want {
			t.Errorf("step %d, after %v: %q, want %q", i, s.after, got, s.want)
		}
	}
	return e
}

const s, m, h = time.Second, time.Minute, time.Hour

const mb = 1 << 20

func TestRules(t *testing.T) {
	gone := node{down: true}
	sample := func(age time.Duration, prefixes ...reading.Prefix) *reading.Sample {
		return &reading.Sample{Started: begin, At: begin.Add(age), Prefixes: prefixes, Err: errors.New("refused")}
	}
	clocks := func(state skew.State, offset, bound time.Duration) *skew.Verdict {
		return &skew.Verdict{State: state, Compared: 3, Worst: lifetime.Skew{A: "a", B: "b", Offset: offset, Bound: bound}}
	}
	for name, c := range map[string]struct {
		setting string
		resolve time.Duration
		steps   []step
	}{
		"keys without TTL": {"no-ttl-keys=1000", 0, []step{
			{0, []node{{keys: 5000, expires: 4000}}, nil, nil, ""},
			{10 * s, []node{{keys: 5001, expires: 4000}}, nil, nil, "+no-ttl-keys all primaries"},
			{20 * s, []node{{keys: 5050, expires: 4000}}, nil, nil, ""},
			{30 * s, []node{{keys: 4950, expires: 4000}}, nil, nil, ""}, // below the limit, not by a tenth
			{40 * s, []node{{keys: 4900, expires: 4000}}, nil, nil, "-no-ttl-keys all primaries"},
		}},
		"keys without TTL of all primaries, and not of replicas": {"no-ttl-keys=1000", 0, []step{
			{0, []node{{name: "a", keys: 600}, {name: "b", keys: 400}, {name: "c", keys: 900, replica: true}}, nil, nil, ""},
			{10 * s, []node{{name: "a", keys: 600}, {name: "b", keys: 401}}, nil, nil, "+no-ttl-keys all primaries"},
			{20 * s, []node{{name: "a", keys: 600}, {name: "b", down: true}}, nil, nil, ""}, // it cannot be told
			{30 * s, []node{{name: "a", keys: 600}, {name: "b", keys: 10}}, nil, nil, "-no-ttl-keys all primaries"},
		}},
		"a failover takes the dead primary's place": {"no-ttl-keys=1000", 0, []step{
			{0, []node{{name: "a", keys: 2000, replid: "x"}, {name: "b", keys: 2000, replica: true, replid: "x"}}, nil, nil, "+no-ttl-keys all primaries"},
			{10 * s, []node{{name: "a", down: true}, {name: "b", keys: 2000, replica: true, replid: "x"}}, nil, nil, ""},
			{20 * s, []node{{name: "a", down: true}, {name: "b", keys: 2000, replid: "y", replid2: "x"}}, nil, nil, ""},
			{30 * s, []node{{name: "a", down: true}, {name: "b", keys: 3, replid: "y", replid2: "x"}}, nil, nil, "-no-ttl-keys all primaries"},
		}},
		"time that a limit may be crossed": {"no-ttl-keys=1000,for=1m", 0, []step{
			{0, []node{{keys: 2000}}, nil, nil, ""},
			{50 * s, []node{{keys: 2000}}, nil, nil, ""},
			{55 * s, []node{{keys: 10}}, nil, nil, ""}, // begins anew
			{60 * s, []node{{keys: 2000}}, nil, nil, ""},
			{110 * s, []node{{keys: 2000}}, nil, nil, ""},
			{120 * s, []node{{keys: 2000}}, nil, nil, "+no-ttl-keys all primaries"},
		}},
		"an alarm ends when it has been well for a time": {"no-ttl-keys=1000", 30 * s, []step{
			{0, []node{{keys: 2000}}, nil, nil, "+no-ttl-keys all primaries"},
			{10 * s, []node{{keys: 0}}, nil, nil, ""},
			{30 * s, []node{{keys: 950}}, nil, nil, ""}, // between: begins anew
			{40 * s, []node{{keys: 0}}, nil, nil, ""},
			{50 * s, []node{gone}, nil, nil, ""}, // unknown: begins anew
			{60 * s, []node{{keys: 0}}, nil, nil, ""},
			{89 * s, []node{{keys: 0}}, nil, nil, ""},
			{90 * s, []node{{keys: 0}}, nil, nil, "-no-ttl-keys all primaries"},
			{95 * s, []node{{keys: 2000}}, nil, nil, "+no-ttl-keys all primaries"},
		}},
		"growth of keys without TTL": {"no-ttl-growth=10000", 0, []step{
			{0, []node{{keys: 500_000}}, nil, nil, ""},
			{30 * m, []node{{keys: 509_000}}, nil, nil, ""},
			{60 * m, []node{{keys: 510_000}}, nil, nil, ""},
			{61 * m, []node{{keys: 519_001}}, nil, nil, "+no-ttl-growth all primaries"}, // since minute 30: 10,001
			{125 * m, []node{{keys: 519_002}}, nil, nil, "-no-ttl-growth all primaries"},
		}},
		"fast growth needs no hour": {"no-ttl-growth=10000", 0, []step{
			{0, []node{{keys: 100}}, nil, nil, ""},
			{10 * s, []node{{keys: 20_000}}, nil, nil, "+no-ttl-growth all primaries"},
		}},
		"what a restarted server loads is no growth": {"no-ttl-growth=10000", 0, []step{
			{0, []node{{keys: 100}}, nil, nil, ""},
			{10 * s, []node{{keys: 5, run: "run2", extra: "loading:1\r\n"}}, nil, nil, ""},
			{20 * s, []node{{keys: 50_000, run: "run2"}}, nil, nil, ""},
			{30 * s, []node{{keys: 50_001, run: "run2"}}, nil, nil, ""},
		}},
		"a prefix": {"no-ttl-prefix=100", 0, []step{
			{0, nil, nil, &reading.Sample{Started: begin}, ""},
			{10 * s, nil, nil, sample(0, reading.Prefix{Pattern: "s:*", NoTTL: 101}, reading.Prefix{Pattern: "c:*", NoTTL: 50}), "+no-ttl-prefix s:*"},
			{20 * s, nil, nil, sample(0, reading.Prefix{Pattern: "c:*", NoTTL: 50}), "-no-ttl-prefix s:*"},
		}},
		"memory": {"memory-high=80%", 0, []step{
			{0, []node{{memory: 99}}, nil, nil, ""}, // no maxmemory
			{10 * s, []node{{memory: 80, maxmemory: 100}, {name: "b", memory: 81, maxmemory: 100}}, nil, nil, "+memory-high b"},
			{20 * s, []node{{memory: 80, maxmemory: 100}, {name: "b", down: true}}, nil, nil, ""},
			{30 * s, []node{{memory: 80, maxmemory: 100}}, nil, nil, "-memory-high b"}, // it left
		}},
		"memory grows, keys do not": {"memory-growth=100mb", 0, []step{
			{0, []node{{memory: 1000 * mb, keys: 1000}}, nil, nil, ""},
			{12 * h, []node{{memory: 1090 * mb, keys: 1010}}, nil, nil, ""},
			{20 * h, []node{{memory: 1101 * mb, keys: 1010}}, nil, nil, "+memory-growth a:1"},
			{36*h + m, []node{{memory: 1102 * mb, keys: 1010}}, nil, nil, "-memory-growth a:1"}, // by 1 MB since hour 20
		}},
		"memory grows with the keys": {"memory-growth=100mb", 0, []step{
			{0, []node{{memory: 1000 * mb, keys: 1000}}, nil, nil, ""},
			{h, []node{{memory: 1500 * mb, keys: 1500}}, nil, nil, ""},
			{2 * h, []node{{memory: 1500 * mb, keys: 1200}}, nil, nil, "+memory-growth a:1"}, // and keeps it when they go
		}},
		"evictions": {"eviction-rate=10,for=0s", 0, []step{
			{0, []node{{evicted: 1_000_000}}, nil, nil, ""}, // no rate yet
			{10 * s, []node{{evicted: 1_000_100}}, nil, nil, ""},
			{20 * s, []node{{evicted: 1_000_201}}, nil, nil, "+eviction-rate a:1"},
			{30 * s, []node{gone}, nil, nil, ""},
			{40 * s, []node{{evicted: 5, run: "run2"}}, nil, nil, ""},
			{50 * s, []node{{evicted: 5, run: "run2"}}, nil, nil, "-eviction-rate a:1"},
		}},
		"counters that were reset": {"eviction-rate=10,for=0s", 0, []step{
			{0, []node{{evicted: 1_000_000}}, nil, nil, ""},
			{10 * s, []node{{evicted: 50}}, nil, nil, ""},
		}},
		"refused writes": {"write-failures=0", 0, []step{
			{0, []node{{oom: 7}}, nil, nil, ""},
			{10 * s, []node{{oom: 7}}, nil, nil, ""},
			{20 * s, []node{{oom: 8}}, nil, nil, "+write-failures a:1"},
			{30 * s, []node{{oom: 8}}, nil, nil, "-write-failures a:1"},
		}},
		"a server that does not count refused writes": {"write-failures=0", 0, []step{
			{0, []node{{noErrorstats: true}}, nil, nil, ""},
			{10 * s, []node{{noErrorstats: true}}, nil, nil, ""},
		}},
		"clocks": {"clock-skew=5s", 0, []step{
			{0, nil, nil, nil, ""},
			{10 * s, nil, clocks(skew.Perhaps, 6*s, 2*s), nil, ""},
			{20 * s, nil, clocks(skew.Exceeded, 6*s, time.Millisecond), nil, "+clock-skew clocks"},
			{30 * s, nil, clocks(skew.Perhaps, 6*s, 2*s), nil, ""},
			{40 * s, nil, clocks(skew.Within, s, time.Millisecond), nil, "-clock-skew clocks"},
		}},
		"a node that does not answer": {"unreachable=on,for=10s", 0, []step{
			{0, []node{gone, {name: "b"}}, nil, nil, ""},
			{5 * s, []node{{}, {name: "b"}}, nil, nil, ""}, // a blip
			{10 * s, []node{gone, {name: "b"}}, nil, nil, ""},
			{20 * s, []node{gone, {name: "b"}}, nil, nil, "+unreachable a:1"},
			{30 * s, []node{{}, {name: "b"}}, nil, nil, "-unreachable a:1"},
		}},
		"a node that refuses INFO": {"unreachable=on,for=10s", 0, []step{
			{0, []node{{refused: true}}, nil, nil, ""},
			{10 * s, []node{{refused: true}}, nil, nil, "+unreachable a:1"},
			{20 * s, []node{{}}, nil, nil, "-unreachable a:1"},
		}},
		"an old sample": {"sampler-stale=15m", 0, []step{
			{10 * m, nil, nil, &reading.Sample{Started: begin}, ""},
			{16 * m, nil, nil, &reading.Sample{Started: begin}, "+sampler-stale sampler"},
			{17 * m, nil, nil, sample(17 * m), "-sampler-stale sampler"},
		}},
		"a rule that is off": {"no-ttl-keys=off", 0, []step{{0, []node{{keys: 1 << 40}}, nil, nil, ""}}},
	} {
		t.Run(name, func(t *testing.T) { run(t, only(t, c.setting), c.resolve, c.steps) })
	}
}

func TestAlarmsAreListedWhileTheyLast(t *testing.T) {
	e := run(t, DefaultRules(), 0, []step{
		{0, []node{{keys: 2000, memory: 95, maxmemory: 100}}, nil, nil, "+no-ttl-keys all primaries, +memory-high a:1, +memory-critical a:1"},
	})
	var rules []string
	for _, a := range e.Alarms() {
		rules = append(rules, a.Rule)
	}
	if !slices.Equal(rules, []string{"memory-critical", "memory-high", "no-ttl-keys"}) {
		t.Errorf("%v", rules)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	e := NewEngine(DefaultRules(), 0)
	for i := range 36 * 120 { // a day and a half, every half minute
		e.Observe(Observation{At: begin, Readings: []reading.Reading{node{memory: i}.read(begin.Add(time.Duration(i) * 30 * s))}})
	}
	points := e.nodes["a:1"].points
	if len(points) > 1445 || len(points) < 1435 {
		t.Errorf("%d points", len(points))
	}
	if from, to, ok := e.nodes["a:1"].over(24 * h); !ok || to.at.Sub(from.at) < 24*h-2*m || to.at.Sub(from.at) > 24*h {
		t.Errorf("from %v to %v", from.at, to.at)
	}
}

func TestSettings(t *testing.T) {
	rules := DefaultRules()
	for _, good := range []string{
		"no-ttl-keys=5", "no-ttl-keys=off", "no-ttl-keys=on", "memory-high=0.75", "memory-high=75%,for=5m,clear=70%,severity=critical",
		"memory-growth=1gb", "clock-skew=500ms", "eviction-rate=0.5, for=1s", "unreachable=off", "unreachable=on,for=0s", "write-failures=for=1m",
	} {
		if err := Set(rules, good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, r := range rules {
		if r.Name == "memory-growth" && r.Max != 1<<30 || r.Name == "memory-high" && (r.Max != 0.75 || r.Clear != 0.7 || r.For != 5*m || r.Severity != Critical) {
			t.Errorf("%+v", r)
		}
	}
	for _, bad := range []string{
		"", "nothing=5", "no-ttl-keys", "no-ttl-keys=", "no-ttl-keys=many", "no-ttl-keys=-1", "no-ttl-keys=NaN", "memory-high=120%",
		"memory-growth=100 parsecs", "clock-skew=5", "unreachable=3", "no-ttl-keys=5,for=soon", "no-ttl-keys=5,for=-1s",
		"no-ttl-keys=5,clear=6", "no-ttl-keys=5,severity=fatal", "no-ttl-keys=5,6", "no-ttl-keys=5,colour=red",
	} {
		if err := Set(DefaultRules(), bad); err == nil {
			t.Errorf("%q was taken", bad)
		} else {
			t.Log(err)
		}
	}
	if !strings.Contains(Help(), "eviction-rate    10.0/s for 1m ") {
		t.Errorf("%s", Help())
	}
}
