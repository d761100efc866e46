package fix

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/sweep"
	"github.com/curfewkv/curfew/internal/toolkit/sweep/sweeptest"
	"github.com/curfewkv/curfew/test/rig"
)

// childOptions is the environment variable in which a test gives a process of its own the options to fix with.
const childOptions = "FIX_TEST_CHILD"

func TestMain(m *testing.M) {
	if text := os.Getenv(childOptions); text != "" {
		os.Exit(child(text))
	}
	os.Exit(m.Run())
}

type childRun struct {
	Addr            string
	Rules           []Rule
	Jitter          float64
	Changes, Resume string
	Rate            float64
}

func child(text string) int {
	var run childRun
	if err := json.Unmarshal([]byte(text), &run); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	target, err := connect.Open(context.Background(), connect.Options{Addrs: []string{run.Addr}})
	if err == nil {
		_, err = Run(context.Background(), target, Options{
			Rules: run.Rules, Jitter: run.Jitter, Changes: run.Changes,
			Sweep: sweep.Options{Resume: run.Resume, Rate: run.Rate, Page: 200},
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func open(t *testing.T, o connect.Options) *connect.Target {
	t.Helper()
	target, err := connect.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	return target
}

// write sets keys prefix0 to prefix(n-1) without a TTL.
func write(t *testing.T, c redis.UniversalClient, prefix string, n int) {
	t.Helper()
	for from := 0; from < n; from += 1000 {
		if _, err := c.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for i := from; i < min(n, from+1000); i++ {
				p.Set(t.Context(), fmt.Sprintf("%s%d", prefix, i), "v", 0)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// without counts the keys of write that have no TTL, or are not there.
func without(t *testing.T, c redis.UniversalClient, prefix string, n int) int {
	t.Helper()
	missing := 0
	for from := 0; from < n; from += 1000 {
		var ttls []*redis.DurationCmd
		if _, err := c.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for i := from; i < min(n, from+1000); i++ {
				ttls = append(ttls, p.PTTL(t.Context(), fmt.Sprintf("%s%d", prefix, i)))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for _, ttl := range ttls {
			if ttl.Val() < 0 {
				missing++
			}
		}
	}
	return missing
}

// fixBetween is Run with something going on between the pages.
func fixBetween(t *testing.T, target *connect.Target, o Options, before func(page int, p *sweep.Place)) *Report {
	t.Helper()
	f, err := newFixer(o)
	if err != nil {
		t.Fatal(err)
	}
	result, err := sweep.Run(t.Context(), target, &sweeptest.Between{Worker: f, Before: before}, f.sweepOptions())
	if err != nil {
		t.Fatal(err)
	}
	if f.changes != nil {
		if err := f.changes.close(); err != nil {
			t.Fatal(err)
		}
	}
	return f.report(result)
}

// A proxy stands at one address, whatever server is behind it.
type proxy struct {
	net.Listener
	behind atomic.Pointer[string]
	cut    atomic.Bool // the next answer is lost, and the connection with it
}

func newProxy(t *testing.T, s *rig.Server) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l}
	p.behind.Store(&s.Addr)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { p.serve(client) })
		}
	})
	t.Cleanup(func() { l.Close(); serving.Wait() })
	return p
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.DialTimeout("tcp", *p.behind.Load(), time.Second)
	if err != nil {
		return
	}
	defer server.Close()
	var asking sync.WaitGroup
	asking.Go(func() { _, _ = io.Copy(server, client); server.Close() })
	answers := bufio.NewReader(server)
	buffer := make([]byte, 1<<16)
	for {
		n, err := answers.Read(buffer)
		if err != nil || p.cut.CompareAndSwap(true, false) {
			break
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			break
		}
	}
	client.Close()
	asking.Wait()
}
