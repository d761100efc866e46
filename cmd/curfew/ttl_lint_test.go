package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

// lintHere runs the command and gives its output, what it says beside it, and its exit status.
func lintHere(t *testing.T, args ...string) (string, string, int) {
	t.Helper()
	cmd := newTTLLintCommand()
	var out, beside bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&beside)
	cmd.SetArgs(args)
	cmd.SetContext(t.Context())
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.Execute()
	var exit exitError
	switch {
	case err == nil:
		return out.String(), beside.String(), 0
	case errors.As(err, &exit):
		return out.String(), beside.String(), int(exit)
	}
	t.Fatal(err)
	return "", "", 0
}

func TestLintEndsWithAStatusForCI(t *testing.T) {
	t.Chdir(t.TempDir())
	program := "import redis\nr = redis.Redis()\nr.set('a', 1)\nr.set('config:a', 1)\n"
	if err := os.WriteFile("a.py", []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		out    string
		beside string
	}{
		{nil, 1, "a.py:3:1: TTL001", "2 findings"},
		{[]string{"--durable", "config:*"}, 1, "a.py:3:1: TTL001", "1 finding\n"},
		{[]string{"--durable", "config:*,a"}, 0, "", ""},
		{[]string{"--fail-on", "none"}, 0, "a.py:3:1: TTL001", ""},
		{[]string{"--fail-on", "keys,TTL002"}, 0, "a.py:3:1: TTL001", ""},
		{[]string{"--fail-on", "no-ttl"}, 1, "a.py:3:1: TTL001", "2 findings"},
		{[]string{"--format", "sarif"}, 1, `"ruleId": "TTL001"`, "2 findings"},
		{[]string{"--rules"}, 0, "TTL007 keys", ""},
		{[]string{"--format", "yaml"}, 2, "", "there is no format"},
		{[]string{"--fail-on", "TTL099"}, 2, "", "TTL099"},
		{[]string{"--write-baseline"}, 2, "", "--baseline FILE"},
		{[]string{"missing"}, 2, "", "missing"},
		{[]string{"--baseline", "known.json"}, 2, "", "known.json"},
		{[]string{"--baseline", "known.json", "--write-baseline"}, 0, "", "2 findings are known"},
		{[]string{"--baseline", "known.json"}, 0, "", ""},
	} {
		out, beside, status := lintHere(t, c.args...)
		if status != c.status || !strings.Contains(out, c.out) || (c.out == "") != (out == "") || !strings.Contains(beside, c.beside) {
			t.Errorf("%q: status %d, output %q, beside %q; want %d, %q, %q", c.args, status, out, beside, c.status, c.out, c.beside)
		}
	}
}
