package leak

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/test/rig"
)

func tiny(out *bytes.Buffer) Options {
	return Options{
		Rate: 2000, Value: 1024, Alarm: 100, Budget: 2 << 20, TTL: time.Second, Jitter: 20, Tick: 20 * time.Millisecond, Out: out,
	}
}

func check(t *testing.T, s *Summary, err error, out string) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	switch {
	case s.NoTTLAlarm <= 0, s.MemoryAlarm <= s.NoTTLAlarm, s.Seconds <= s.MemoryAlarm:
		t.Errorf("the alarms came in another order: %+v", s)
	case s.Fixed < s.PeakNoTTL/2 || s.PeakNoTTL <= 100, s.AfterNoTTL != 0, s.PeakKeys < s.Fixed:
		t.Errorf("the keys were not fixed: %+v", s)
	case s.AfterKeys > 3000, s.PeakBytes < 1<<20:
		t.Errorf("memory did not rise and fall: %+v", s)
	}
	at := 0
	for _, part := range []string{"deployed", "keys without a TTL, more than 100", "memory is over 80%", "Hotfix", "curfew ttl fix", "is gone"} {
		next := strings.Index(out[at:], part)
		if next < 0 {
			t.Fatalf("%q is not told, or not in its turn:\n%s", part, out)
		}
		at += next
	}
	if strings.Contains(out, "\x1b") {
		t.Error("a pipe gets what is for terminals")
	}
}

func TestTheWholeStory(t *testing.T) {
	curfew := filepath.Join(t.TempDir(), "curfew")
	build := exec.Command("go", "build", "-o", curfew, "github.com/curfewkv/curfew/cmd/curfew")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for name, command := range map[string][]string{"curfew": {curfew, "serve"}, "redis": {"redis-server"}} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			folders, _ := filepath.Glob(filepath.Join(os.TempDir(), "curfew-leak-*"))
			out := &bytes.Buffer{}
			o := tiny(out)
			o.Command = command
			summary, err := Run(t.Context(), o)
			check(t, summary, err, out.String())
			text := &bytes.Buffer{}
			if err := summary.Text(text); err != nil || !strings.Contains(text.String(), "keys at the peak") {
				t.Errorf("%v: %s", err, text)
			}
			if now, _ := filepath.Glob(filepath.Join(os.TempDir(), "curfew-leak-*")); len(now) > len(folders) {
				t.Errorf("folders are left behind: %q", now)
			}
		})
	}
}

func TestOnAServerThatRunsAlready(t *testing.T) {
	s := rig.Redis(t)
	s.Must(t, "SET", "session:of-somebody", "v")
	target, err := connect.Open(t.Context(), connect.Options{Addrs: []string{s.Addr}})
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	out := &bytes.Buffer{}
	o := tiny(out)
	o.Target = target
	summary, err := Run(t.Context(), o)
	check(t, summary, err, out.String())
	left := func() string { return s.Must(t, "DBSIZE").Text }
	rig.Eventually(t, "only what was there before is left", func() bool { return left() == "1" })
	if ttl := s.Must(t, "TTL", "session:of-somebody").Text; ttl != "-1" {
		t.Errorf("a key of somebody else has TTL %s", ttl)
	}

	// Broken off in the middle, it cleans up after itself.
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	o.Budget = 1 << 30
	if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("broken off: %v", err)
	}
	rig.Eventually(t, "what was leaked until then is gone", func() bool { return left() == "1" })
}

func TestAServerThatDoesNotStart(t *testing.T) {
	for _, command := range [][]string{nil, {"/no/such/program"}, {"false"}} {
		o := tiny(&bytes.Buffer{})
		o.Command = command
		if _, err := Run(t.Context(), o); err == nil {
			t.Errorf("%q is taken for a server", command)
		}
	}
}

func TestOptionsOutOfBounds(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"no rate": func(o *Options) { o.Rate = 0 }, "no value": func(o *Options) { o.Value = 0 }, "a short TTL": func(o *Options) { o.TTL = 1 },
		"all jitter": func(o *Options) { o.Jitter = 100 }, "a budget below the alarm": func(o *Options) { o.Alarm = 2000 },
		"endless keys": func(o *Options) { o.Value = 1; o.Budget = 1 << 40 }, "no tick": func(o *Options) { o.Tick = 0 },
	} {
		o := tiny(nil)
		change(&o)
		if o.check() == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if o := Defaults(); o.check() != nil {
		t.Error(o.check())
	}
}

func TestCurves(t *testing.T) {
	s := &screen{}
	for i := range 200 {
		s.history = append(s.history, look{bytes: int64(i % 100)})
	}
	got := []rune(s.curve(40, func(l look) int64 { return l.bytes }))
	if len(got) != 40 || got[19] != '█' || got[0] != '▁' || got[39] != '█' || got[20] != '▁' {
		t.Errorf("%q", string(got))
	}
}

func TestEventsAreWrapped(t *testing.T) {
	indent := strings.Repeat(" ", eventIndent)
	if got, want := wrapped("aa bb cc dddddddd e", 5), "aa bb\n"+indent+"cc\n"+indent+"dddddddd\n"+indent+"e"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
