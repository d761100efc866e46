package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// A verdict is an outcome held against the reference and the exceptions.
type verdict struct {
	unit    string
	passed  []string
	failed  map[string]string     // unexplained failures, tests that did not run, stale exceptions
	skipped map[string]*exception // explained by an exception
	ignored int                   // left out by the suite itself, on redis-server too
	flaky   []string              // failed at first, passed in the second run
}

// notRun is the message of a test that the unit never came to.
const notRun = "did not run: an error before it broke its block"

// judge decides about every test of a unit. A test of the reference that did not run at all has failed: something
// before it broke the block in which it stands.
func judge(o *outcome, expected []string, known *exceptions) verdict {
	v := verdict{unit: o.unit, failed: map[string]string{}, skipped: map[string]*exception{}}
	tests := slices.Sorted(maps.Keys(o.passed))
	tests = append(tests, slices.Sorted(maps.Keys(o.failed))...)
	tests = append(tests, slices.Sorted(maps.Keys(o.skipped))...)
	tests = append(tests, expected...)
	seen := map[string]bool{}
	for _, test := range tests {
		if seen[test] {
			continue
		}
		seen[test] = true
		message, failed := o.failed[test]
		why, left := o.skipped[test]
		e := known.find(o.unit, test)
		switch {
		case failed && !slices.Contains(expected, test) && test != outside:
			// It fails on redis-server on this machine too, which the reference run has printed.
			v.ignored++
		case failed && e != nil:
			v.skipped[test] = e
		case failed:
			v.failed[test] = message
		case o.passed[test] && e != nil:
			v.failed[test] = fmt.Sprintf("stale exception: it passes, remove line %d of the exceptions", e.line)
		case o.passed[test]:
			v.passed = append(v.passed, test)
		case left && why == "" && e != nil:
			v.skipped[test] = e
		case left:
			v.ignored++
		case e != nil:
			v.skipped[test] = e
		default:
			v.failed[test] = notRun
		}
	}
	return v
}

// judge decides about a unit. An external server is not asked for what the suite itself leaves out for it, block by
// block and without names.
func (ref reference) judge(o *outcome, known *exceptions, mode string) verdict {
	expected := ref[o.unit]
	if mode == "external" {
		expected = slices.DeleteFunc(slices.Clone(expected), func(test string) bool { return !o.ran(test) })
	}
	return judge(o, expected, known)
}

// after marks what failed in the first run and does no more.
func (v verdict) after(first verdict) verdict {
	for test := range first.failed {
		if _, failed := v.failed[test]; !failed {
			v.flaky = append(v.flaky, test)
		}
	}
	return v
}

// report prints the verdicts and returns whether all is as it should be. Its last line is what CI shows.
func report(w io.Writer, verdicts []verdict, known *exceptions) bool {
	slices.SortFunc(verdicts, func(a, b verdict) int { return strings.Compare(a.unit, b.unit) })
	var passed, failed, skipped, ignored int
	perGroup := map[string]int{}
	fmt.Fprintf(w, "\n%-24s %7s %7s %7s\n", "unit", "passed", "failed", "skipped")
	for _, v := range verdicts {
		fmt.Fprintf(w, "%-24s %7d %7d %7d\n", v.unit, len(v.passed), len(v.failed), len(v.skipped))
		passed, failed, skipped, ignored = passed+len(v.passed), failed+len(v.failed), skipped+len(v.skipped), ignored+v.ignored
		for _, e := range v.skipped {
			e.used++
			perGroup[e.group]++
		}
	}
	if skipped > 0 {
		fmt.Fprintln(w, "\nskipped, by reason (test/redis-suite/exceptions.txt has each):")
		for _, group := range slices.Sorted(maps.Keys(perGroup)) {
			fmt.Fprintf(w, "  %4d  %s: %s\n", perGroup[group], group, groups[group])
		}
	}
	for _, v := range verdicts {
		if len(v.flaky) > 0 {
			slices.Sort(v.flaky)
			fmt.Fprintf(w, "\nflaky: %s: %d failed once and passed when run again: %s\n", v.unit, len(v.flaky), strings.Join(v.flaky, "; "))
		}
		var lost []string
		for _, test := range slices.Sorted(maps.Keys(v.failed)) {
			if v.failed[test] == notRun {
				lost = append(lost, test)
				continue
			}
			fmt.Fprintf(w, "\nFAILED %s: %s\n    %s\n", v.unit, test, strings.ReplaceAll(strings.TrimSpace(v.failed[test]), "\n", "\n    "))
		}
		if len(lost) > 0 {
			fmt.Fprintf(w, "\nFAILED %s: %d tests did not run, an error before them broke their block: %s\n", v.unit, len(lost), strings.Join(lost, "; "))
		}
	}
	failed += reportUnused(w, verdicts, known)
	if ignored > 0 {
		fmt.Fprintf(w, "\n%d more tests are left out by the suite itself (tags such as large-memory)\n", ignored)
	}
	fmt.Fprintf(w, "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return failed == 0
}

// reportUnused prints the exceptions that explained nothing although their unit ran: misspelt, or out of date.
func reportUnused(w io.Writer, verdicts []verdict, known *exceptions) int {
	ran := map[string]bool{}
	stale := map[int]bool{} // lines that a passing test has reported already
	for _, v := range verdicts {
		ran[v.unit] = true
		for test := range v.failed {
			if e := known.find(v.unit, test); e != nil {
				stale[e.line] = true
			}
		}
	}
	count := 0
	for _, e := range known.list {
		if ran[e.unit] && e.used == 0 && !stale[e.line] {
			fmt.Fprintf(w, "\nFAILED line %d of the exceptions explains nothing: %s | %s\n", e.line, e.unit, e.test)
			count++
		}
	}
	return count
}
