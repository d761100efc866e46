package main

import (
	"bytes"
	"strings"
	"testing"
)

// What cobra refuses by itself must not look like a finding to CI.
func TestExitStatusOfWrongUsage(t *testing.T) {
	for _, c := range []struct {
		args   string
		status int
		says   string
	}{
		{"ttl audit --nope", 2, "curfew ttl audit: unknown flag: --nope (see curfew ttl audit --help)"},
		{"ttl audit extra", 2, "unknown command"},
		{"ttl fix --default x", 2, `"x" is not a duration`},
		{"ttl audt", 2, "did you mean audit?"},
		{"ttl", 0, "Available Commands"},
		{"ttl fix --help", 0, "--dry-run"},
		{"ttl advise --watch 1d -a 127.0.0.1:1", 2, "refused"},
		{"ttl clock --max 1d -a 127.0.0.1:1", 2, "refused"},
		{"ttl watch --once --clock-every 1d -a 127.0.0.1:1", 2, "refused"},
		{"ttl demo-leak --jitter 10x", 2, "--jitter"},
		{"nope", 1, "unknown command"},
	} {
		var out bytes.Buffer
		status := execute(strings.Fields(c.args), &out, &out)
		if status != c.status || !strings.Contains(out.String(), c.says) {
			t.Errorf("curfew %s: exit status %d, want %d and %q:\n%s", c.args, status, c.status, c.says, out.String())
		}
	}
}
