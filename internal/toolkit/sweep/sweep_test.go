package sweep

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/statefile"
	"github.com/curfewkv/curfew/test/rig"
)

func TestTheLongestPatternIsTheRule(t *testing.T) {
	s := NewSelection([]string{"*", "session:*", "session:a*", "session:[a]"}, []string{"*:config", "se?sion:x*"})
	for key, want := range map[string]int{
		"": 0, "k": 0, "session:b": 1, "session:ab": 2, "session:a": 3, "session:config": -1, "session:xy": -1, "session:\xff\x00": 1,
	} {
		if got := s.Rule(key); got != want {
			t.Errorf("%q: rule %d, want %d", key, got, want)
		}
	}
	for _, c := range []struct {
		patterns []string
		want     string
	}{{[]string{"a*"}, "a*"}, {[]string{"*"}, ""}, {[]string{"a*", "b*"}, ""}} {
		if got := NewSelection(c.patterns, nil).Match(); got != c.want {
			t.Errorf("%v: SCAN filters by %q, want %q", c.patterns, got, c.want)
		}
	}
}

func TestSlotOwnersAsText(t *testing.T) {
	o := &owners{}
	for slot := range o {
		o[slot] = []string{"a:1", "b:1"}[slot/5000%2]
	}
	o[7] = ""
	ranges := o.ranges()
	if ranges["a:1"] != "0-6,8-4999,10000-14999" || ranges["b:1"] != "5000-9999,15000-16383" {
		t.Errorf("%v", ranges)
	}
	back, err := parseOwners(ranges)
	if err != nil || *back != *o {
		t.Errorf("%v %v", back.ranges(), err)
	}
	o[3] = "c:1"
	moved := map[int]bool{}
	changed(moved, back, o)
	if len(moved) != 1 || !moved[3] {
		t.Errorf("moved: %v", moved)
	}
	for _, bad := range []string{"x", "1-x", "-1", "1-16384"} {
		if _, err := parseOwners(map[string]string{"a:1": bad}); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func TestSlotsOnTheMoveInClusterNodes(t *testing.T) {
	moving := map[int]bool{}
	addMoving(moving, "aa 127.0.0.1:1@2 master - 0 1 1 connected 0-5 [9->-bb]\nbb 127.0.0.1:3@4 myself,master - 0 1 1 connected 6-100 200 [93->-aa] [7-<-aa]\n")
	if len(moving) != 2 || !moving[93] || !moving[7] {
		t.Errorf("%v", moving)
	}
}

func TestStatesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	if s, err := readState(path, "fix", "r"); s != nil || err != nil {
		t.Errorf("no file: %v %v", s, err)
	}
	good := &state{Version: stateVersion, Tool: "fix", Rules: "r", Keyspaces: map[string]*progress{"id/0": {Name: "a:1/0", Cursor: 1 << 63, Counts: Tally{"k*": {Changed: 3}}}}}
	if err := statefile.Write(path, good); err != nil {
		t.Fatal(err)
	}
	s, err := readState(path, "fix", "r")
	if err != nil || s.Keyspaces["id/0"].Cursor != 1<<63 || s.Keyspaces["id/0"].Counts["k*"].Changed != 3 {
		t.Fatalf("%+v %v", s, err)
	}
	for tool, rules := range map[string]string{"purge": "r", "fix": "s"} {
		if _, err := readState(path, tool, rules); err == nil || !strings.Contains(err.Error(), "other rules") {
			t.Errorf("%s %s: %v", tool, rules, err)
		}
	}
	for _, text := range []string{"", "x", `{"version":1,"tool":"fix","rules":"r","keyspaces":{"a":null}}`, `{"version":1,"tool":"fix","rules":"r"}`,
		`{"version":2,"tool":"fix","rules":"r","keyspaces":{}}`, `{"version":1,"keyspaces":{"a":{"cursor":"-1"}}}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readState(path, "fix", "r"); err == nil {
			t.Errorf("%q is taken for a state", text)
		}
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(names) != 1 {
		t.Errorf("files left behind: %q", names)
	}
}

// lister notes the keys of its pages.
type lister struct{ keys []string }

func (l *lister) Page(_ context.Context, _ *Place, keys []string) (Tally, error) {
	l.keys = append(l.keys, keys...)
	tally := Tally{}
	tally.Count("*", Counts{Kept: int64(len(keys))})
	return tally, nil
}

func TestEveryKeyIsBrought(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...string) *rig.Server{"redis": rig.Redis, "curfew": rig.Curfew} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			args := []string{"MSET"}
			for i := range 3000 {
				args = append(args, fmt.Sprintf("k%d", i), "v")
			}
			s.Must(t, args...)
			target, err := connect.Open(t.Context(), connect.Options{Addrs: []string{s.Addr}})
			if err != nil {
				t.Fatal(err)
			}
			defer target.Close()
			l := &lister{}
			r, err := Run(t.Context(), target, l, Options{Tool: "list", Match: "k*", Page: 100})
			slices.Sort(l.keys)
			if keys := slices.Compact(l.keys); err != nil || !r.Complete || len(keys) != 3000 || r.Counts.Kept < 3000 || !r.Parts[0].Done {
				t.Errorf("%d keys, %+v %v", len(keys), r, err)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	s := rig.Redis(t)
	replica := rig.Redis(t, "--replicaof", strings.Replace(s.Addr, ":", " ", 1))
	rig.Eventually(t, "the replica is in step", func() bool {
		reply, err := replica.Do("INFO", "replication")
		return err == nil && strings.Contains(reply.Text, "master_link_status:up")
	})
	for want, c := range map[string]struct {
		addr    string
		options Options
	}{
		"is a replica":   {replica.Addr, Options{}},
		"--resume":       {s.Addr, Options{Resume: filepath.Join(t.TempDir(), "no", "such", "folder")}},
		"--rate -1":      {s.Addr, Options{Rate: -1}},
		"--page 1000000": {s.Addr, Options{Page: 1000000}},
	} {
		target, err := connect.Open(t.Context(), connect.Options{Addrs: []string{c.addr}})
		if err != nil {
			t.Fatal(err)
		}
		defer target.Close()
		if _, err := Run(t.Context(), target, &lister{}, c.options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestABusyServerIsGivenHalfOfTheTime(t *testing.T) {
	b := &breather{}
	for _, c := range []struct{ took, want time.Duration }{
		{time.Millisecond, 0}, {4 * time.Millisecond, 0}, {20 * time.Millisecond, 20 * time.Millisecond}, {time.Minute, longestBreath},
		{time.Millisecond, 0},
	} {
		if got := b.after(c.took); got != c.want {
			t.Errorf("after %v it waits %v, want %v", c.took, got, c.want)
		}
	}
	if b.slow != 2 {
		t.Errorf("%d slow answers", b.slow)
	}
	// What is always slow is its usual.
	steady := &breather{}
	for range 10 {
		if steady.after(50*time.Millisecond) != 0 {
			t.Error("a distant server is taken for a busy one")
		}
	}
}

func TestAServerThatStaysAwayEndsTheSweep(t *testing.T) {
	s := rig.Redis(t)
	s.Must(t, "SET", "k", "v")
	target, err := connect.Open(t.Context(), connect.Options{Addrs: []string{s.Addr}})
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	r, err := Run(t.Context(), target, killer{s}, Options{RetryFor: 300 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "nothing worked for 300ms") || r.Complete || r.Parts[0].Done {
		t.Errorf("%+v %v", r, err)
	}
}

// killer kills the server before it does its work.
type killer struct{ s *rig.Server }

func (k killer) Page(ctx context.Context, p *Place, _ []string) (Tally, error) {
	k.s.Kill()
	return nil, p.Client.Ping(ctx).Err()
}
