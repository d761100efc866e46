package sessiontest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A script is a text file:
//
//	# a rule                      begins a case, on an empty server without connections
//	a SUBSCRIBE news              a command on connection a, which is opened by its first use
//	    >["subscribe" "news" :1]  what a is sent for it; each value is a line, and no line is no value
//	b PUBLISH news hello
//	    :1
//	a                             no command: what a was sent since
//	    >["message" "news" "hello"]
//	    closed                    the connection is closed
//	@advance 10s                  lets time pass; redis-server takes no part in the case
//	@here                         redis-server takes no part in the case
//	@password secret              sets requirepass
//	@tracked 10                   sets tracking-table-max-keys
//	@slow 0                       sets slowlog-log-slower-than, in µs
//	@7.4                          the next answer is Redis 7.4's, older ones differ and are not compared
//	@ours                         the next answer is ours and Redis's another: not compared with redis-server
//
// A command that blocks for a time lets that time pass when its answer is expected at once. Words may be quoted as in Go. $a is the id of connection a, in commands and answers; ... in an answer is any text. At
// the end of a case no connection may have been sent more than its answers say.

// scriptCase is one case of a script.
type scriptCase struct {
	name  string
	steps []step
	here  bool // not run on redis-server
}

// step is a command, a look at a connection, or a directive.
type step struct {
	at        string // file:line
	directive bool
	conn      string
	args      []string
	want      []string
	ours      bool // not compared with redis-server
	newer     bool // not compared with a redis-server older than 7.4
}

// load reads the scripts that a pattern names.
func load(t *testing.T, pattern string) []scriptCase {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts in %s: %v", pattern, err)
	}
	var cases []scriptCase
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		more, err := parse(filepath.Base(file), string(b))
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, more...)
	}
	return cases
}

// parse reads the cases of one script.
func parse(file, body string) (cases []scriptCase, err error) {
	ours, newer := false, false
	for i, line := range strings.Split(body, "\n") {
		at := fmt.Sprintf("%s:%d", file, i+1)
		line = strings.TrimRight(line, " \t\r")
		name, isCase := strings.CutPrefix(line, "# ")
		switch {
		case line == "":
			continue
		case isCase:
			cases = append(cases, scriptCase{name: strings.TrimSuffix(file, ".txt") + ": " + name})
			continue
		case len(cases) == 0:
			return nil, fmt.Errorf("%s: comes before the first case", at)
		case line == "@ours":
			ours = true
			continue
		case line == "@7.4":
			newer = true
			continue
		}
		c := &cases[len(cases)-1]
		if line[0] == ' ' || line[0] == '\t' {
			if len(c.steps) == 0 {
				return nil, fmt.Errorf("%s: an answer without a command", at)
			}
			last := &c.steps[len(c.steps)-1]
			last.want = append(last.want, strings.TrimSpace(line))
			continue
		}
		args, err := words(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		st := step{at: at, directive: line[0] == '@', ours: ours, newer: newer}
		if st.directive {
			st.args = args
			c.here = c.here || args[0] == "@advance" || args[0] == "@here"
		} else {
			st.conn, st.args = args[0], args[1:]
		}
		c.steps = append(c.steps, st)
		ours, newer = false, false
	}
	return cases, nil
}

// words splits a line at spaces; a word in double quotes is a Go string.
func words(line string) (out []string, err error) {
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		word, rest, _ := strings.Cut(line, " ")
		if line[0] == '"' {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", line, err)
			}
			word, rest = quoted, line[len(quoted):]
			if word, err = strconv.Unquote(quoted); err != nil {
				return nil, fmt.Errorf("%s: %w", line, err)
			}
		}
		out, line = append(out, word), rest
	}
	return out, nil
}

// fill puts the ids of connections in the place of $a, $b and so on.
func fill(in []string, ids map[string]string) []string {
	out := slices.Clone(in)
	for name, id := range ids {
		for i := range out {
			out[i] = strings.ReplaceAll(out[i], "$"+name, id)
		}
	}
	return out
}

// judge reports the answers that differ.
func judge(t *testing.T, who string, st step, ids map[string]string, got []string) {
	t.Helper()
	want := fill(st.want, ids)
	if len(want) == len(got) && !slices.ContainsFunc(indices(want), func(i int) bool { return !matches(want[i], got[i]) }) {
		return
	}
	t.Errorf("%s: %s %q\n%s gives\n    %s\nscript says\n    %s", st.at, st.conn, st.args, who,
		strings.Join(got, "\n    "), strings.Join(want, "\n    "))
}

func indices(s []string) []int {
	out := make([]int, len(s))
	for i := range out {
		out[i] = i
	}
	return out
}
