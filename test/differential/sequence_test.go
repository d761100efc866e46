package differential

import (
	"flag"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestMain sets what rapid cannot be told otherwise: no failure files beside the sources, a bounded shrinking, and a
// few sequences per call, because the tests here go by time.
func TestMain(m *testing.M) {
	flag.Parse()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, value := range map[string]string{"rapid.nofailfile": "true", "rapid.shrinktime": "10s", "rapid.checks": "10"} {
		if !given[name] {
			_ = flag.Set(name, value)
		}
	}
	os.Exit(m.Run())
}

// budget returns a test's part of CURFEW_DIFF_SECONDS.
func budget(t testing.TB, share float64) time.Duration {
	seconds := 6.0
	if text := os.Getenv("CURFEW_DIFF_SECONDS"); text != "" {
		var err error
		if seconds, err = strconv.ParseFloat(text, 64); err != nil {
			t.Fatalf("CURFEW_DIFF_SECONDS: %v", err)
		}
	}
	return time.Duration(seconds * share * float64(time.Second))
}

// repeat checks the property for the given time, at least once.
func repeat(t *testing.T, limit time.Duration, property func(*rapid.T)) {
	for deadline := time.Now().Add(limit); ; {
		rapid.Check(t, property)
		if t.Failed() || time.Now().After(deadline) {
			return
		}
	}
}

// everything but transactions, which have a test of their own.
var ordinary = []string{"string", "bit", "key", "ttl", "connection", "unknown"}

// prologue are the forms that give other commands something to work on.
var prologue = []string{"SET", "MSET", "EXPIRE", "PEXPIRE", "APPEND", "SETBIT", "DEL", "GET", "PTTL"}

// TestCommands tries every command on its own: half of a sequence is that command. So a failure names the command
// that is wrong, and one wrong command does not hide the others.
func TestCommands(t *testing.T) {
	p := newPair(t)
	defer p.end()
	all := forms(t, append(ordinary, "transaction")...)
	var names []string
	for _, f := range all {
		if !slices.Contains(names, f.command) {
			names = append(names, f.command)
		}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			var focus, rest []form
			for _, f := range all {
				if f.command == name {
					focus = append(focus, f)
				}
				if slices.Contains(prologue, f.command) {
					rest = append(rest, f)
				}
			}
			repeat(t, budget(t, 0.5)/time.Duration(len(names)), func(rt *rapid.T) { p.sequence(rt, focus, rest, 12) })
		})
	}
}

// TestMixed lets all commands meet.
func TestMixed(t *testing.T) {
	p := newPair(t)
	defer p.end()
	all := forms(t, ordinary...)
	data := forms(t, "string", "ttl", "key")
	repeat(t, budget(t, 0.25), func(rt *rapid.T) { p.sequence(rt, data, all, 40) })
}

// TestTransactions lets WATCH, MULTI and EXEC of two connections meet the writes of both.
func TestTransactions(t *testing.T) {
	p := newPair(t)
	defer p.end()
	tx := forms(t, "transaction")
	data := forms(t, "string", "ttl", "key")
	repeat(t, budget(t, 0.15), func(rt *rapid.T) { p.sequence(rt, tx, data, 40) })
}

// A step is one pipeline on one connection, or a full scan.
type step struct {
	client   int
	pipeline [][]string
	scan     []string // options of a full scan; nil for a pipeline
}

// A plan is a generated sequence. It shows itself in rapid's output as little as possible: the failure message has
// what was really run.
type plan []step

func (p plan) GoString() string { return "(below)" }

// planned generates sequences: half of the commands from each of the two lists.
func planned(focus, rest []form, length int) *rapid.Generator[plan] {
	return rapid.Custom(func(t *rapid.T) plan {
		g := &generator{start: time.Now()}
		var steps plan
		for client := range clients {
			if rapid.Bool().Draw(t, "RESP3") {
				steps = append(steps, step{client: client, pipeline: [][]string{{"HELLO", "3"}}})
			}
		}
		for range rapid.IntRange(1, length).Draw(t, "length") {
			steps = append(steps, g.step(t, focus, rest))
		}
		return steps
	})
}

func (g *generator) step(t *rapid.T, focus, rest []form) step {
	s := step{}
	if rapid.IntRange(0, 3).Draw(t, "client") == 3 {
		s.client = 1
	}
	if rapid.IntRange(0, 29).Draw(t, "scan") == 29 {
		s.scan = append([]string{}, scanOptions.generate(t, g)...)
		return s
	}
	size := 1
	if rapid.IntRange(0, 9).Draw(t, "pipelined") == 9 {
		size = rapid.IntRange(2, 6).Draw(t, "pipeline")
	}
	g.short = size == 1
	for range size {
		from := rest
		if rapid.Bool().Draw(t, "focus") {
			from = focus
		}
		s.pipeline = append(s.pipeline, mutate(t, rapid.SampledFrom(from).Draw(t, "form").node.generate(t, g)))
	}
	return s
}

var scanOptions = unordered{
	optional{sequence{literal("MATCH"), argument("pattern")}},
	optional{sequence{literal("COUNT"), argument("num")}},
	optional{sequence{literal("TYPE"), argument("type")}},
}

// sequence generates one sequence and runs it on both servers.
func (p *pair) sequence(t *rapid.T, focus, rest []form, length int) {
	steps := planned(focus, rest, length).Draw(t, "sequence")
	if err := p.begin(); err != nil {
		t.Fatalf("%v", err)
	}
	for _, s := range steps {
		err := error(nil)
		if s.scan != nil {
			err = p.scan(s.client, s.scan)
		} else {
			err = p.do(s.client, s.pipeline...)
		}
		if err != nil {
			t.Fatalf("%s", p.explain(err))
		}
	}
	if err := p.notifications(); err != nil {
		t.Fatalf("%s", p.explain(err))
	}
}
