package layers

import (
	"go/ast"
	"slices"
	"testing"
)

const (
	maxLines    = 600 // of a file
	maxFunction = 80  // lines of a function
)

// clockReaders may read the machine's clock: the package whose job it is, programs, tools that measure, and what talks to
// other machines (lifetime, the toolkit), where the clock of a test is a field that the test sets.
var clockReaders = []string{"internal/clock", "cmd/*", "internal/bench", "internal/trace/replay", "lifetime", "internal/toolkit/*"}

// timeCalls are the functions of package time that read the clock or wait for it.
var timeCalls = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// timeExceptions are single calls that are allowed elsewhere, with the reason.
var timeExceptions = map[string]string{
	"internal/command/servercmd/debug.go: time.Sleep": "DEBUG SLEEP holds the loop up for a time; nothing is decided by it",
	"internal/loop/idle_linux.go: time.Now":           "a sleep is ended by a deadline of the runtime's; what is due is decided by the clock",
	"internal/loop/net.go: time.NewTimer":             "the same",
	"internal/loop/peer.go: time.Now":                 "bounds how long a closed connection goes on sending",
}

func TestOnlyTheClockTellsTheTime(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		if s.test || matchesAny(clockReaders, s.pkg) || matchesAny(support, s.pkg) || !slices.Contains(s.imports, "time") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok || pkg.Name != "time" || !slices.Contains(timeCalls, sel.Sel.Name) {
				return true
			}
			what := s.name + ": time." + sel.Sel.Name
			if _, allowed := timeExceptions[what]; allowed {
				used[what] = true
				return true
			}
			t.Errorf("%s: time.%s: time is an argument; only internal/clock and programs read it, so that tests can move it", s.set.Position(n.Pos()), sel.Sel.Name)
			return true
		})
	}
	for what := range timeExceptions {
		if !used[what] {
			t.Errorf("%s is not there any more: take the exception out", what)
		}
	}
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue // tables of cases are exempt
		}
		if s.lines > maxLines {
			t.Errorf("%s has %d lines, %d are allowed: one type per file", s.name, s.lines, maxLines)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			from, to := s.set.Position(f.Pos()).Line, s.set.Position(f.End()).Line
			if n := to - from + 1; n > maxFunction {
				t.Errorf("%s:%d: %s has %d lines, %d are allowed", s.name, from, f.Name.Name, n, maxFunction)
			}
		}
	}
}

// A test that waits for the machine's clock is slow and fails at random; what it may do is poll with an end.
func TestCoreTestsDoNotSleep(t *testing.T) {
	pure := []string{"internal/store", "internal/blob", "internal/expiry", "internal/eviction", "internal/keyspace", "internal/dispatch", "internal/session", "internal/journal"}
	for _, s := range sources(t) {
		if !s.test || !slices.Contains(pure, s.pkg) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" {
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" {
					t.Errorf("%s: a test of %s sleeps where a fake clock serves", s.set.Position(n.Pos()), s.pkg)
				}
			}
			return true
		})
	}
}
