package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/curfewkv/curfew/test/rig"
)

// runTTL runs one of the tools and returns its exit status and what it wrote.
func runTTL(ctx context.Context, cmd *cobra.Command, args ...string) (int, string) {
	var out bytes.Buffer
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	status := exitStatusOf(cmd.ExecuteContext(ctx))
	return status, out.String()
}

func TestWatchExitStatus(t *testing.T) {
	s := rig.Redis(t)
	for i := range 5 {
		s.Must(t, "SET", fmt.Sprint("k", i), "v")
	}
	dir := t.TempDir()
	config := func(text string) string {
		f, err := os.CreateTemp(dir, "*.yml")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		return f.Name()
	}
	addr := "--addr=" + s.Addr
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"well":                           {[]string{"--once", addr}, 0, "no alarms"},
		"an alarm":                       {[]string{"--once", addr, "--rule=no-ttl-keys=4"}, 1, "[WARNING] no-ttl-keys: 5 keys have no TTL (limit 4)"},
		"as JSON":                        {[]string{"--once", addr, "--rule=no-ttl-keys=4", "--json"}, 1, `"rule": "no-ttl-keys"`},
		"first alarm":                    {[]string{"--exit-on-alarm", addr, "--rule=no-ttl-keys=4", "--interval=100ms"}, 1, "rule=no-ttl-keys"},
		"nobody there":                   {[]string{"--once", "--addr=127.0.0.1:1"}, 2, "refused"},
		"rules of a file":                {[]string{"--once", "--config", config("addr: " + s.Addr + "\nrules:\n  no-ttl-keys: {max: 4, severity: critical}\n")}, 1, "[CRITICAL] no-ttl-keys"},
		"the command line goes first":    {[]string{"--once", addr, "--rule=no-ttl-keys=9", "--config", config("addr: [127.0.0.1:1]\nrules: {no-ttl-keys: 4}\n")}, 0, "no alarms"},
		"a rule that is off":             {[]string{"--once", addr, "--config", config("rules: {no-ttl-keys: off}")}, 0, "no alarms"},
		"an empty file":                  {[]string{"--once", addr, "--config", config("")}, 0, "no alarms"},
		"no such file":                   {[]string{"--once", addr, "--config", dir + "/none"}, 2, "no such file"},
		"an unknown key":                 {[]string{"--once", addr, "--config", config("intervall: 5s")}, 2, "line 1: intervall: there is no such key"},
		"a key for the command line":     {[]string{"--once", addr, "--config", config("once: true")}, 2, "no such key"},
		"an unknown rule":                {[]string{"--once", addr, "--config", config("rules:\n  no-ttl: 4\n")}, 2, "line 2: rule \"no-ttl\""},
		"an unknown part of a rule":      {[]string{"--once", addr, "--config", config("rules: {no-ttl-keys: {most: 4}}")}, 2, "most"},
		"twice the same":                 {[]string{"--once", addr, "--config", config("interval: 5s\ninterval: 6s\n")}, 2, "interval"},
		"a secret in a wrong place":      {[]string{"--once", addr, "--config", config("interval: SECRET")}, 2, "line 1: interval: not a duration"},
		"a list for one value":           {[]string{"--once", addr, "--config", config("interval: [1s, 2s]")}, 2, "not a list"},
		"a mapping for a value":          {[]string{"--once", addr, "--config", config("interval: {a: b}")}, 2, "not a mapping"},
		"not YAML":                       {[]string{"--once", addr, "--config", config("a: [")}, 2, "yaml"},
		"not a mapping":                  {[]string{"--once", addr, "--config", config("- a")}, 2, "mapping"},
		"a wrong rule":                   {[]string{"--once", addr, "--rule=memory-high=500%"}, 2, "more than all"},
		"too fast":                       {[]string{"--once", addr, "--interval=1ms"}, 2, "--interval"},
		"a webhook that is none":         {[]string{addr, "--webhook=SECRET"}, 2, "https://"},
		"a wrong certificate, at once":   {[]string{addr, "--cacert=" + dir + "/none", "--tls"}, 2, "--cacert"},
		"an address that cannot be used": {[]string{addr, "--listen=256.0.0.1:1"}, 2, "--listen"},
	} {
		t.Run(name, func(t *testing.T) {
			status, text := runTTL(t.Context(), newTTLWatchCommand(), append(c.args, "--timeout=2s")...)
			if status != c.status || !strings.Contains(text, c.says) || strings.Contains(text, "SECRET") {
				t.Errorf("exit status %d, want %d with %q:\n%s", status, c.status, c.says, text)
			}
		})
	}
}

func TestExporterExitStatus(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	broken := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(broken, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"a port that is taken": {"--listen=" + l.Addr().String()},
		"a deadline of 0":      {"--deadline=0s"},
		"a target with a path": {"--scrape-target=redis://a:1/0"},
		"a broken state":       {"--state=" + broken},
		"a rate of 0":          {"--sample-rate=0"},
	} {
		if status, text := runTTL(t.Context(), newTTLExporterCommand(), append(args, "--addr=127.0.0.1:1")...); status != 2 {
			t.Errorf("%s: exit status %d\n%s", name, status, text)
		}
	}
	// It waits for its server, and ends well when it is stopped.
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if status, text := runTTL(ctx, newTTLExporterCommand(), "--addr=127.0.0.1:1", "--listen=127.0.0.1:0"); status != 0 || !strings.Contains(text, "serving metrics on http://127.0.0.1:") {
		t.Errorf("exit status %d\n%s", status, text)
	}
}
