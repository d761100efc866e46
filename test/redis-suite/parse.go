package main

import (
	"bufio"
	"io"
	"regexp"
	"strings"
)

// outside is the name under which an error between two tests of a unit is kept: it belongs to none of them.
const outside = "(outside the tests)"

// hung is the failure text of the test that was running when the suite stopped making progress.
const hung = "no progress: the test hangs"

// An outcome is what the suite printed about one run of one unit.
type outcome struct {
	unit    string
	order   []string // the tests as they ran
	passed  map[string]bool
	failed  map[string]string // name -> the suite's message
	skipped map[string]string // name -> why the suite did not run it ("" for --skiptest)
	stuck   bool              // the suite gave up waiting
	hanging string            // the test in progress then, if the suite named it
	done    bool              // the unit ran to its end
}

func newOutcome(unit string) *outcome {
	return &outcome{unit: unit, passed: map[string]bool{}, failed: map[string]string{}, skipped: map[string]string{}}
}

var (
	statusLine  = regexp.MustCompile(`^\[(ok|err|skip|ignore|exception|ready|TIMEOUT|\d+/\d+ done)\]: (.*)$`)
	elapsedTail = regexp.MustCompile(` \(\d+ ms\)$`)
	testOrigin  = regexp.MustCompile(` in tests/unit/\S+\.tcl$`)
	inProgress  = regexp.MustCompile(`=> \(IN PROGRESS\) (.*)$`)
	theEnd      = regexp.MustCompile(`^\s+The End$`)
)

// read consumes the suite's output. A failure's message goes on until the next line that begins with a status.
func (o *outcome) read(r io.Reader, echo io.Writer) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 1<<20), 64<<20)
	current := "" // the failed test whose message is being read
	for scanner.Scan() {
		line := scanner.Text()
		if echo != nil {
			io.WriteString(echo, line+"\n")
		}
		if m := inProgress.FindStringSubmatch(line); m != nil {
			o.hanging = m[1]
			o.failed[m[1]] = hung
			continue
		}
		m := statusLine.FindStringSubmatch(line)
		switch {
		case m != nil:
			current = o.status(m[1], m[2])
		case theEnd.MatchString(line):
			current = ""
		case current != "" && len(o.failed[current]) < 4000:
			o.failed[current] += "\n" + line
		}
	}
	return scanner.Err()
}

// status takes one status line and returns the test whose message follows, if any.
func (o *outcome) status(status, text string) string {
	switch status {
	case "ok":
		name := elapsedTail.ReplaceAllString(text, "")
		o.order = append(o.order, name)
		o.passed[name] = true
	case "skip":
		o.skipped[text] = ""
	case "ignore":
		// Either "name: why", or only why, for a block whose tests are then unknown.
		if i := strings.LastIndex(text, ": "); i >= 0 && text[:i] != "Tag" {
			o.skipped[text[:i]] = text[i+2:]
		}
	case "err":
		name, message := outside, text
		if testOrigin.MatchString(text) {
			name, message = testOrigin.ReplaceAllString(text, ""), ""
		}
		if o.failed[name] != "" {
			message = o.failed[name] + "\n" + message
		}
		o.order = append(o.order, name)
		o.failed[name] = message
		return name
	case "exception":
		o.failed[outside] += text
		return outside
	case "TIMEOUT":
		o.stuck = true
	case "ready":
	default: // "1/1 done"
		o.done = true
	}
	return ""
}

// culprit returns the test that a stuck unit waits in. The suite names it, unless it waits for a server to start;
// then it is the first of the expected tests that has not come yet.
func (o *outcome) culprit(expected []string) string {
	if !o.stuck || o.hanging != "" {
		return o.hanging
	}
	for _, test := range expected {
		if !o.ran(test) {
			return test
		}
	}
	return ""
}

// ran reports whether the test passed, failed or was skipped, that is, whether the unit came as far as to it.
func (o *outcome) ran(test string) bool {
	_, failed := o.failed[test]
	_, skipped := o.skipped[test]
	return o.passed[test] || failed || skipped
}
