package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/curfewkv/curfew/internal/toolkit/fix"
	"github.com/curfewkv/curfew/internal/toolkit/purge"
	"github.com/curfewkv/curfew/test/rig"
)

// runTool runs a command with arguments that are separated by spaces.
func runTool(t *testing.T, cmd *cobra.Command, args string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	cmd.SetArgs(strings.Fields(args))
	cmd.SetIn(strings.NewReader("y\n"))
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SilenceUsage = true
	status := exitStatusOf(cmd.ExecuteContext(t.Context()))
	return out.String(), status
}

func TestFixAndUndoFromTheCommandLine(t *testing.T) {
	s := rig.Redis(t)
	for i := range 20 {
		s.Must(t, "SET", fmt.Sprintf("session:%d", i), "v")
	}
	dir := t.TempDir()
	at := " -a " + s.Addr
	for _, c := range []struct {
		args   string
		status int
		says   string
	}{
		{"", 2, "no rule says"},
		{"--match a*", 2, "no --default"},
		{"--default 24h", 2, "--match '*'"},
		{"--default 1x --match a*", 2, "invalid argument"},
		{"--default 24h --match a* --jitter 100%", 2, "less than 100"},
		{"--rule session:*", 2, "want a pattern and a TTL"},
		{"--default 24h --match a* --undo x", 2, "goes with no rules"},
		{"--default 1d --match session:* --report " + dir + "/missing/report", 2, "--report: open"},
		{"--default 1d --match session:* --dry-run", 0, "would give a TTL to 20 of 20 keys"},
		{"--default 1d --match session:* --jitter 10% --changes " + dir + "/changes --report " + dir + "/report --resume " + dir + "/state", 0, "Gave a TTL to 20 of 20"},
		{"--default 1d --match session:*", 0, "Gave a TTL to 0 of 20"},
		{"--undo " + dir + "/changes --dry-run", 0, "would take the TTL back from 20"},
		{"--undo " + dir + "/changes", 0, "Took the TTL back from 20"},
		{"--undo " + dir + "/missing", 2, "no such file"},
	} {
		out, status := runTool(t, newTTLFixCommand(), c.args+at)
		if status != c.status || !strings.Contains(out, c.says) {
			t.Errorf("fix %s: exit status %d, want %d and %q:\n%s", c.args, status, c.status, c.says, out)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "report"))
	var report fix.Report
	if err != nil || json.Unmarshal(text, &report) != nil || report.Total.Fixed != 20 || report.Rules[0].TTL != 86_400_000 {
		t.Errorf("report: %s %v", text, err)
	}
}

func TestPurgeFromTheCommandLine(t *testing.T) {
	s := rig.Redis(t)
	fill := func() {
		s.Must(t, "SET", "session:1", "v")
		s.Must(t, "SET", "session:2", "v", "EX", "1000")
		s.Must(t, "SET", "cache:1", "v")
		s.Must(t, "SADD", "tag:promo", "cache:1", "cache:2")
		s.Must(t, "SET", "lifetime:tag:promo", "1")
	}
	for _, c := range []struct {
		args   string
		status int
		says   string
		left   string // keys
	}{
		{"--yes", 2, "nothing says which keys", "5"},
		{"--match session:*", 2, "nobody to ask", "5"},
		{"--match session:* --older-than 1h --yes", 2, "--older-than needs --ttl", "5"},
		{"--match session:* --tag promo --yes", 2, "by themselves", "5"},
		{"--match session:* --dry-run", 0, "would remove 2 of 2", "5"},
		{"--match session:* --yes", 0, "Removed 2 of 2", "3"},
		{"--match session:* --no-ttl --yes", 0, "Removed 1 of 2", "4"},
		{"--type set --yes", 0, "Removed 1 of 1", "4"},
		{"--tag promo --dry-run", 0, "would invalidate 1 tags, of which 1 were in use", "5"},
		{"--tag promo --yes", 0, "Invalidated 1 tags, of which 1 were in use", "4"},
		{"--tag-set tag:promo --dry-run", 0, "would remove 1 keys", "5"},
		{"--tag-set tag:promo --yes", 0, "1 of its members were gone already", "3"},
		{"--tag-set nothing --yes", 2, "there is no set", "5"},
	} {
		fill()
		out, status := runTool(t, newTTLPurgeCommand(), c.args+" -a "+s.Addr)
		left := s.Must(t, "DBSIZE").Text
		if status != c.status || !strings.Contains(out, c.says) || left != c.left {
			t.Errorf("purge %s: exit status %d, want %d and %q; %s keys are left, want %s:\n%s", c.args, status, c.status, c.says, left, c.left, out)
		}
	}
	out, _ := runTool(t, newTTLPurgeCommand(), "--match session:* --dry-run --json -a "+s.Addr)
	var report purge.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Total.Removed != 2 || len(report.Sample) != 2 || report.Sample[0].Bytes <= 0 || *report.Bytes <= 0 {
		t.Errorf("%s %v", out, err)
	}
}

func TestDemoLeakRefusesToFillAServerUnasked(t *testing.T) {
	for args, says := range map[string]string{
		"-a 127.0.0.1:1": "--i-know", "--i-know": "is for --addr", "--memory lots": "want a size", "--ttl 1ms": "1s to 1h", "--rate 0": "--rate 0",
	} {
		if out, status := runTool(t, newTTLDemoLeakCommand(), args); status != 2 || !strings.Contains(out, says) {
			t.Errorf("demo-leak %s: exit status %d, want 2 and %q: %s", args, status, says, out)
		}
	}
}
