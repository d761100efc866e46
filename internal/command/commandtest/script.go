package commandtest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A script is a text file:
//
//	# a rule                        begins a case, on an empty server
//	set a 1 EX 10                   a command; words may be quoted as in Go
//	    +OK | new:a set:a expire:a  its reply, and the events that it gives, all of them
//	@advance 10s                    lets time pass
//	@step -5s                       sets the wall clock
//	@clock                          says that the case depends on where the clock stands
//	@db 3, @resp3                   change the session
//	@policy allkeys-lfu             sets maxmemory-policy
//	@maxmemory 1000000              sets maxmemory
//	@7.4                            the next answer is Redis 7.4's, older ones differ and are not compared
//	@ours                           the next answer is ours and Redis's another: not compared with redis-server

// scriptCase is one case of a script.
type scriptCase struct {
	name  string
	steps []step
	timed bool // moves the clock or depends on it
}

// step is a command or a directive.
type step struct {
	at        string // file:line
	directive bool
	args      []string
	want      string
	ours      bool // not compared with redis-server
	newer     bool // not compared with a redis-server older than 7.4
}

// timeDirectives mark a case that redis-server cannot take part in.
var timeDirectives = []string{"@clock", "@advance", "@step"}

// RunScripts runs the scripts that the pattern names, each case on a server that fresh makes.
func RunScripts(t *testing.T, pattern string, fresh func(testing.TB) *Server) {
	for _, c := range load(t, pattern) {
		t.Run(c.name, func(t *testing.T) {
			s := fresh(t)
			for _, st := range c.steps {
				if st.directive {
					s.direct(st)
					continue
				}
				if got := answer(s.Text(st.args...), s.Events()); got != st.want {
					t.Errorf("%s: %q\n got %s\nwant %s", st.at, st.args, got, st.want)
				}
			}
		})
	}
}

// answer is a reply and events as a script states them.
func answer(reply, events string) string {
	if events == "" {
		return reply
	}
	return reply + " | " + events
}

func (s *Server) direct(st step) {
	s.t.Helper()
	switch name := st.args[0]; name {
	case "@advance", "@step":
		d, err := time.ParseDuration(st.args[1])
		if err != nil {
			s.t.Fatalf("%s: %v", st.at, err)
		}
		if name == "@step" {
			s.Clock.StepWall(d)
			return
		}
		s.Clock.Advance(d)
	case "@clock":
	case "@db":
		n, err := strconv.Atoi(st.args[1])
		if err != nil {
			s.t.Fatalf("%s: %v", st.at, err)
		}
		s.Session.SetDB(n)
	case "@resp3":
		s.Session.SetProto(3)
	case "@policy":
		s.SetPolicy(st.args[1])
	case "@maxmemory":
		n, err := strconv.ParseInt(st.args[1], 10, 64)
		if err != nil {
			s.t.Fatalf("%s: %v", st.at, err)
		}
		s.Keyspace.Settings.MaxMemory.Store(n)
	default:
		s.t.Fatalf("%s: there is no directive %s", st.at, name)
	}
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
		more, err := parseScript(filepath.Base(file), string(b))
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, more...)
	}
	return cases
}

// parseScript reads the cases of one script.
func parseScript(file, body string) (cases []scriptCase, err error) {
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
			if len(c.steps) == 0 || c.steps[len(c.steps)-1].want != "" {
				return nil, fmt.Errorf("%s: an answer without a command", at)
			}
			c.steps[len(c.steps)-1].want = strings.TrimSpace(line)
			continue
		}
		args, err := words(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		st := step{at: at, args: args, directive: line[0] == '@', ours: ours, newer: newer}
		c.timed = c.timed || slices.Contains(timeDirectives, args[0])
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
