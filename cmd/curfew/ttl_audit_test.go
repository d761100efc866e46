package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/test/rig"
)

// runAudit runs the command, and returns what it wrote and its exit status.
func runAudit(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, failed bytes.Buffer
	cmd := newTTLAuditCommand()
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetOut(&out)
	cmd.SetErr(&failed)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	var exit exitError
	switch {
	case errors.As(err, &exit):
		status = int(exit)
	case err != nil:
		t.Fatalf("%v: %v", args, err)
	}
	return out.String(), failed.String(), status
}

func TestAuditCommand(t *testing.T) {
	s := rig.Redis(t)
	for i := range 50 {
		s.Must(t, "SET", fmt.Sprint("session:", i), "v", "EX", "1000")
		s.Must(t, "SET", fmt.Sprintf("user:%d:profile", i), "v")
	}
	page := filepath.Join(t.TempDir(), "report.html")
	for name, c := range map[string]struct {
		args   []string
		status int
		stdout []string
		stderr []string
	}{
		"table":               {nil, 0, []string{"session:*", "user:*:profile", "no maxmemory", "All 100 keys"}, nil},
		"CSV":                 {[]string{"--format", "csv"}, 0, []string{"prefix,keys,", "session:*,50,50,50,0.500000,0,"}, nil},
		"Prometheus":          {[]string{"--format", "prometheus"}, 0, []string{`redis_no_ttl_keys_total{addr="` + s.Addr + `",db="db0"} 50`}, nil},
		"given prefixes":      {[]string{"--prefix", "user:*,lock:*"}, 0, []string{"user:*", "lock:*", "(other)"}, nil},
		"below the limit":     {[]string{"--fail-if", "no_ttl>50"}, 0, []string{"session:*"}, nil},
		"above the limit":     {[]string{"--fail-if", "no_ttl>49", "--fail-if", "no_ttl[session:*]>0"}, output.ExitFound, []string{"session:*"}, []string{"no_ttl>49: it is 50"}},
		"above for a prefix":  {[]string{"--exact", "--fail-if", "no_ttl[user:*]>=50"}, output.ExitFound, nil, []string{"no_ttl[user:*]>=50: it is 50"}},
		"a page":              {[]string{"--format", "html", "-o", page}, 0, nil, nil},
		"no such format":      {[]string{"--format", "xml"}, output.ExitFailed, nil, []string{"csv, html, json, prometheus, table"}},
		"no such figure":      {[]string{"--fail-if", "nottl>1"}, output.ExitFailed, nil, []string{`no figure "nottl"`}},
		"no such order":       {[]string{"--sort", "name"}, output.ExitFailed, nil, []string{"keys, bytes or no_ttl"}},
		"samples and exact":   {[]string{"--exact", "--samples", "5"}, output.ExitFailed, nil, []string{"do not go with it"}},
		"no such folder":      {[]string{"-o", filepath.Join(page, "x")}, output.ExitFailed, nil, []string{"--output"}},
		"a file and a server": {[]string{"--rdb", "x.rdb"}, output.ExitFailed, nil, []string{"--rdb reads a file"}},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, status := runAudit(t, append([]string{"-a", s.Addr}, c.args...)...)
			if status != c.status {
				t.Errorf("status %d, want %d: %s", status, c.status, stderr)
			}
			for _, want := range c.stdout {
				if !strings.Contains(stdout, want) {
					t.Errorf("no %q in %s", want, stdout)
				}
			}
			for _, want := range c.stderr {
				if !strings.Contains(stderr, want) {
					t.Errorf("no %q in %s", want, stderr)
				}
			}
			if len(c.stderr) == 0 && stderr != "" {
				t.Errorf("in a pipe, standard error has %q", stderr)
			}
		})
	}
	if text, err := os.ReadFile(page); err != nil || !bytes.HasPrefix(text, []byte("<!DOCTYPE html>")) || !bytes.Contains(text, []byte("user:*:profile")) {
		t.Errorf("the page: %v", err)
	}
	stdout, _, _ := runAudit(t, "-a", s.Addr, "--json")
	var report struct {
		Total struct {
			Keys struct{ Value int }
		}
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || report.Total.Keys.Value != 100 {
		t.Errorf("%+v %v", report, err)
	}
	if _, stderr, status := runAudit(t, "-a", "127.0.0.1:1"); status != output.ExitFailed || !strings.Contains(stderr, "127.0.0.1:1") {
		t.Errorf("nobody there: %d %s", status, stderr)
	}
}

func TestPasswordsAreNotInReports(t *testing.T) {
	before := os.Args
	defer func() { os.Args = before }()
	for line, want := range map[string]string{
		"ttl audit -u redis://user:s3cret@h:1/0":        "curfew ttl audit -u 'redis://user:***@h:1/0'",
		"ttl audit -u=redis://:s3cret@h":                "curfew ttl audit '-u=redis://:***@h'",
		"ttl audit --password s3cret --db 1":            "curfew ttl audit --password *** --db 1",
		"ttl audit --sentinel-password=s3cret":          "curfew ttl audit '--sentinel-password=***'",
		"ttl audit --prefix session:* -a h:6379":        "curfew ttl audit --prefix 'session:*' -a h:6379",
		"ttl audit -u redis://user@h:1 --url redis://h": "curfew ttl audit -u redis://user@h:1 --url redis://h",
	} {
		os.Args = append([]string{"/usr/bin/curfew"}, strings.Fields(line)...)
		if got := commandLine(); got != want {
			t.Errorf("%s: %s", line, got)
		}
	}
}
