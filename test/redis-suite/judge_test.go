package main

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
)

const sample = `Starting test server at port 21079
[ready]: 4711
Testing unit/demo
[ok]: SET and GET an item (3 ms)
[err]: EXPIRE | odd name in tests/unit/demo.tcl
Expected '1' to be equal to '2' (context: type eval line 3)
[ok]: looks like a status but is a second test (0 ms)
[skip]: left out by name
[ignore]: needs a lot: large memory flag not provided
[ignore]: Tag: needs:repl denied
[err]: ERR unknown command 'sadd'
    while executing
"r sadd x 1"
[1/1 done]: unit/demo (3 seconds)

                   The End

*** [err]: EXPIRE | odd name in tests/unit/demo.tcl
`

func readSample(t *testing.T, text string) *outcome {
	t.Helper()
	o := newOutcome("unit/demo")
	if err := o.read(strings.NewReader(text), nil); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestOutputIsReadTestByTest(t *testing.T) {
	o := readSample(t, sample)
	if got := slices.Sorted(maps.Keys(o.passed)); !slices.Equal(got, []string{"SET and GET an item", "looks like a status but is a second test"}) {
		t.Errorf("passed: %q", got)
	}
	if got := o.failed["EXPIRE | odd name"]; !strings.Contains(got, "Expected '1'") || strings.Contains(got, "second test") {
		t.Errorf("message of the failed test: %q", got)
	}
	if got := o.failed[outside]; !strings.Contains(got, "ERR unknown command 'sadd'") || !strings.Contains(got, `"r sadd x 1"`) {
		t.Errorf("error outside the tests: %q", got)
	}
	if why, ok := o.skipped["needs a lot"]; !ok || why == "" {
		t.Errorf("ignored test: %q, %v", why, ok)
	}
	if !o.done || o.hanging != "" {
		t.Errorf("done %v, hanging %q", o.done, o.hanging)
	}
}

func TestHangingTestIsNamed(t *testing.T) {
	o := readSample(t, "[ok]: first (1 ms)\n[TIMEOUT]: clients state report follows.\nsock0x55 => (IN PROGRESS) waits for ever\nKilling still running Redis server 12\n")
	if o.culprit(nil) != "waits for ever" || o.failed["waits for ever"] != hung || o.done {
		t.Errorf("hanging %q, failed %q, done %v", o.hanging, o.failed, o.done)
	}
}

func TestServerThatDoesNotStartHangsTheNextTest(t *testing.T) {
	o := readSample(t, "[ok]: first (1 ms)\n[TIMEOUT]: clients state report follows.\nsock0x55 => (SPAWNED SERVER) pid:4\n")
	if got := o.culprit([]string{"first", "second", "third"}); got != "second" {
		t.Errorf("the culprit is %q", got)
	}
}

func TestExceptionsAreHeldAgainstTheOutcome(t *testing.T) {
	known := &exceptions{}
	for i, line := range []string{
		"unit/demo | EXPIRE | odd name | fails | types: lists",
		"unit/demo | left out by name | skip | machine: hangs",
		"unit/demo | SET and GET an item | fails | planned: out of date",
		"unit/demo | /^never there | fails | planned: misspelt",
		"unit/other | anything | fails | planned: its unit does not run",
	} {
		e, err := parseException(line)
		if err != nil {
			t.Fatal(err)
		}
		e.line = i + 1
		known.list = append(known.list, e)
	}
	o := readSample(t, sample)
	expected := []string{"SET and GET an item", "EXPIRE | odd name", "looks like a status but is a second test", "left out by name", "lost with its block"}
	v := judge(o, expected, known)
	if len(v.passed) != 1 || len(v.skipped) != 2 {
		t.Errorf("passed %q, skipped %v", v.passed, v.skipped)
	}
	if got := slices.Sorted(maps.Keys(v.failed)); !slices.Equal(got, []string{outside, "SET and GET an item", "lost with its block"}) {
		t.Errorf("failed: %q", got)
	}
	if !strings.Contains(v.failed["SET and GET an item"], "line 3") {
		t.Errorf("the stale exception is reported as %q", v.failed["SET and GET an item"])
	}
	var out bytes.Buffer
	if report(&out, []verdict{v}, known) {
		t.Error("a run with failures counts as good")
	}
	if !strings.Contains(out.String(), "line 4 of the exceptions explains nothing") || strings.Contains(out.String(), "line 5") {
		t.Errorf("unused exceptions: %s", out.String())
	}
	if !strings.HasSuffix(out.String(), "\n1 passed, 4 failed, 2 skipped\n") {
		t.Errorf("last line: %s", out.String())
	}
}

func TestExceptionNeedsAKnownReason(t *testing.T) {
	for _, line := range []string{
		"unit/demo", "unit/demo | test", "unit/demo | test | fails", "unit/demo | test | maybe | types: x",
		"unit/demo | test | fails | because", "unit/demo | /( | fails | types: x",
	} {
		if _, err := parseException(line); err == nil {
			t.Errorf("%q is taken for an exception", line)
		}
	}
	if _, err := loadExceptions("exceptions.txt"); err != nil {
		t.Error(err)
	}
}
