package audit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/test/rig"
)

// interrupter ends a context before the n-th SCAN of a client.
type interrupter struct {
	scans, at int
	cancel    context.CancelFunc
}

func (i *interrupter) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (i *interrupter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (i *interrupter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "scan" {
			i.scans++
			if i.scans == i.at {
				i.cancel()
			}
		}
		return next(ctx, cmd)
	}
}

func interruptedAt(t *testing.T, target *connect.Target, scan int, o Options) (*Report, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	spaces, err := target.Keyspaces(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	spaces[0].Client.AddHook(&interrupter{at: scan, cancel: cancel})
	return Run(ctx, target, o)
}

func TestAnInterruptedAuditGoesOn(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...string) *rig.Server{"redis": rig.Redis, "curfew": rig.Curfew} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			target := open(t, connect.Options{Addrs: []string{s.Addr}})
			fill(t, target)
			o := Options{Exact: true, Resume: filepath.Join(t.TempDir(), "state"), Asked: []string{"session:*"}}
			r, err := interruptedAt(t, target, 3, o)
			if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), o.Resume) {
				t.Fatalf("%v", err)
			}
			if r == nil || r.Complete || r.Looked == 0 || r.Looked >= 1400 || r.Total.Keys.Value != float64(r.Looked) {
				t.Fatalf("%+v", r)
			}
			part := r.Looked
			before := scansOf(t, s)
			r = run(t, open(t, connect.Options{Addrs: []string{s.Addr}}), o)
			checkFilled(t, r)
			if r.Asked[0].Keys != exactly(1000) || r.Looked != 1400 {
				t.Errorf("%d keys, %+v", r.Looked, r.Asked)
			}
			if scans := scansOf(t, s) - before; name == "redis" && scans > 2 {
				t.Errorf("%d SCANs for the rest after %d of 1400 keys: it began anew", scans, part)
			}
			if _, err := os.Stat(o.Resume); !os.IsNotExist(err) {
				t.Errorf("the state of an audit that is complete is still there: %v", err)
			}
		})
	}
}

func scansOf(t *testing.T, s *rig.Server) int {
	t.Helper()
	n := 0
	text := connect.Fields(s.Must(t, "INFO", "commandstats").Text)["cmdstat_scan"]
	_, _ = fmt.Sscanf(text, "calls=%d,", &n)
	return n
}

func TestASampleThatWasInterruptedIsASmallerSample(t *testing.T) {
	target := open(t, connect.Options{Addrs: []string{rig.Redis(t).Addr}})
	fill(t, target)
	// A whole keyspace is read by SCAN, of which the beginning is drawn by hash, too.
	r, err := interruptedAt(t, target, 3, Options{})
	if !errors.Is(err, context.Canceled) || r == nil || r.Complete || r.Total.Keys != exactly(1400) {
		t.Fatalf("%+v %v", r, err)
	}
	if e := rowOf(t, r, "user:*:profile").Keys; e.Exact() || e.Low > 300 && e.Low-300 > 100 {
		t.Errorf("%+v", e)
	}
}

func TestStatesThatDoNotFitAreRefused(t *testing.T) {
	s := rig.Redis(t)
	target := open(t, connect.Options{Addrs: []string{s.Addr}})
	fill(t, target)
	o := Options{Exact: true, Resume: filepath.Join(t.TempDir(), "state")}
	if _, err := interruptedAt(t, target, 2, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	other := o
	other.Prefixes = []string{"session:*"}
	if _, err := Run(t.Context(), target, other); err == nil || !strings.Contains(err.Error(), "--prefix") {
		t.Errorf("other prefixes: %v", err)
	}
	elsewhere := open(t, connect.Options{Addrs: []string{rig.Redis(t).Addr}})
	if _, err := Run(t.Context(), elsewhere, o); err == nil || !strings.Contains(err.Error(), "restarted") {
		t.Errorf("another server: %v", err)
	}
	if err := os.WriteFile(o.Resume, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), target, o); err == nil || !strings.Contains(err.Error(), "not a state file") {
		t.Errorf("a broken state: %v", err)
	}
	o.Resume = filepath.Join(t.TempDir(), "no", "such", "folder")
	if _, err := interruptedAt(t, target, 2, o); err == nil || !strings.Contains(err.Error(), "--resume") {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func TestAfterAFailureTheStateIsThere(t *testing.T) {
	s := rig.Redis(t)
	target := open(t, connect.Options{Addrs: []string{s.Addr}})
	fill(t, target)
	o := Options{Exact: true, Resume: filepath.Join(t.TempDir(), "state")}
	spaces, err := target.Keyspaces(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	refuse := func() { s.Must(t, "ACL", "SETUSER", "default", "-scan") }
	spaces[0].Client.AddHook(&interrupter{at: 3, cancel: refuse})
	if _, err := Run(t.Context(), target, o); err == nil || !strings.Contains(err.Error(), "goes on from there") {
		t.Fatalf("%v", err)
	}
	s.Must(t, "ACL", "SETUSER", "default", "+scan")
	checkFilled(t, run(t, target, o))
}
