package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// An exception is one line of exceptions.txt: a test of the suite that is known not to pass, and why.
type exception struct {
	unit    string
	test    string         // exact name, or /regexp/ without the closing slash, as the suite writes it
	pattern *regexp.Regexp // nil for an exact name
	skip    bool           // not run at all: it hangs, or spoils the tests after it
	group   string         // the first word of the reason, up to the colon
	reason  string
	line    int

	used int // tests that it explained in this run
}

type exceptions struct {
	list []*exception
}

// groups are the kinds of reasons. A new kind needs a line here and a good cause.
var groups = map[string]string{
	"types":       "needs a type that Curfew does not have yet (list, set, hash, sorted set, stream)",
	"scripting":   "needs scripts or functions",
	"persistence": "needs the snapshot or the append-only file",
	"replication": "needs replication",
	"deliberate":  "a deliberate difference, see docs/differences.md",
	"internals":   "measures the insides of Redis: allocator, table sizes, encodings, fork",
	"machine":     "needs something that test machines may lack",
	"planned":     "belongs to a later step of the plan",
}

func loadExceptions(path string) (*exceptions, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	known := &exceptions{}
	scanner := bufio.NewScanner(f)
	for line := 1; scanner.Scan(); line++ {
		text := strings.TrimSpace(scanner.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		e, err := parseException(text)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		e.line = line
		known.list = append(known.list, e)
	}
	return known, scanner.Err()
}

// parseException reads `unit | test | fails or skip | group: reason`. A test name may itself contain a bar, so the
// line is cut from both ends.
func parseException(text string) (*exception, error) {
	unit, rest, ok := strings.Cut(text, " | ")
	if !ok {
		return nil, fmt.Errorf("want: unit | test | fails or skip | group: reason")
	}
	last := strings.LastIndex(rest, " | ")
	if last < 0 {
		return nil, fmt.Errorf("no reason")
	}
	rest, reason := rest[:last], strings.TrimSpace(rest[last+3:])
	last = strings.LastIndex(rest, " | ")
	if last < 0 {
		return nil, fmt.Errorf("no test name")
	}
	e := &exception{unit: strings.TrimSpace(unit), test: strings.TrimSpace(rest[:last]), reason: reason}
	switch how := strings.TrimSpace(rest[last+3:]); how {
	case "fails":
	case "skip":
		e.skip = true
	default:
		return nil, fmt.Errorf("%q is neither fails nor skip", how)
	}
	group, _, ok := strings.Cut(reason, ":")
	if _, known := groups[group]; !ok || !known {
		return nil, fmt.Errorf("the reason %q does not begin with a known group", reason)
	}
	e.group = group
	if expr, ok := strings.CutPrefix(e.test, "/"); ok {
		re, err := regexp.Compile(expr)
		if err != nil {
			return nil, err
		}
		e.pattern = re
	}
	return e, nil
}

func (e *exception) matches(unit, test string) bool {
	if e.unit != unit {
		return false
	}
	if e.pattern != nil {
		return e.pattern.MatchString(test)
	}
	return e.test == test
}

// find returns the first exception for the test, or nil.
func (x *exceptions) find(unit, test string) *exception {
	for _, e := range x.list {
		if e.matches(unit, test) {
			return e
		}
	}
	return nil
}

// skips returns the tests of the unit that must not run, in the form that the suite's --skiptest takes.
func (x *exceptions) skips(unit string) []string {
	var names []string
	for _, e := range x.list {
		if e.unit == unit && e.skip {
			names = append(names, e.test)
		}
	}
	return names
}
