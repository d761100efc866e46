package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/trace"
)

// list is a trace in memory.
type list struct {
	requests []trace.Request
	at       int
}

func (l *list) Next(r *trace.Request) error {
	if l.at == len(l.requests) {
		return io.EOF
	}
	key := r.Key[:0]
	*r = l.requests[l.at]
	r.Key = append(key, l.requests[l.at].Key...)
	l.at++
	return nil
}

// gets makes a trace of reads without sizes, lifetimes and times.
func gets(keys ...string) *list {
	l := &list{}
	for _, k := range keys {
		l.requests = append(l.requests, trace.Request{Key: []byte(k), Size: trace.NoSize, At: trace.NoTime})
	}
	return l
}

func options() Options {
	return Options{Concurrency: 1, Pipeline: 8, ValueSize: trace.NoSize, MaxValueSize: 1 << 20, TTLScale: 1}
}

// startRedis starts a redis-server of its own and connects to it. The test is skipped where there is none.
func startRedis(t *testing.T, opt Options) *Target {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 500 {
		target, err := Connect(t.Context(), addr, opt)
		if err == nil {
			t.Cleanup(func() { _ = target.Client.Close() })
			return target
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("redis-server does not answer")
	return nil
}

func TestEveryFirstReadMissesAndIsStored(t *testing.T) {
	keys := strings.Fields("a b a c b a d d d e")
	for _, shape := range []struct{ concurrency, pipeline int }{{1, 1}, {1, 3}, {1, 100}, {3, 2}} {
		opt := options()
		opt.Concurrency, opt.Pipeline, opt.Sample = shape.concurrency, shape.pipeline, time.Millisecond
		target := startRedis(t, opt)
		r, err := Run(t.Context(), target.Client, gets(keys...), opt, nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Requests != 10 || r.Gets != 10 || r.Misses() != 5 || r.Hits != 5 || r.Sets != 5 || r.Keys != 5 {
			t.Errorf("%+v: %+v", shape, r)
		}
		if got := target.Client.StrLen(t.Context(), "a").Val(); got != DefaultValueSize {
			t.Errorf("%+v: a value of %d bytes", shape, got)
		}
		if r.PeakMemory < r.UsedMemory || r.UsedMemory == 0 {
			t.Errorf("%+v: used_memory %d, peak %d", shape, r.UsedMemory, r.PeakMemory)
		}
	}
}

func TestSizesLifetimesAndWritesOfTheTraceReachTheServer(t *testing.T) {
	opt := options()
	opt.TTL, opt.TTLScale, opt.MaxValueSize = time.Hour, 2, 1000
	target := startRedis(t, opt)
	l := &list{requests: []trace.Request{
		{Key: []byte("own"), Size: 17, TTL: 10 * time.Minute, At: trace.NoTime},
		{Key: []byte("long"), Size: 5000, At: trace.NoTime, KeySize: 8},
		{Key: []byte("set"), Op: trace.Set, Size: 3, At: trace.NoTime},
		{Key: []byte("set"), Size: 3, At: trace.NoTime},
		{Key: []byte("gone"), Op: trace.Set, Size: 3, At: trace.NoTime},
		{Key: []byte("gone"), Op: trace.Delete, At: trace.NoTime},
	}}
	ctx := t.Context()
	r, err := Run(ctx, target.Client, l, opt, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Gets != 3 || r.Hits != 1 || r.Sets != 4 || r.Deletes != 1 || r.CutValues != 1 || r.Keys != 3 {
		t.Errorf("%+v", r)
	}
	for key, want := range map[string]struct {
		size int64
		ttl  time.Duration
	}{"own": {17, 20 * time.Minute}, "long....": {1000, 2 * time.Hour}, "set": {3, 2 * time.Hour}} {
		size, ttl := target.Client.StrLen(ctx, key).Val(), target.Client.TTL(ctx, key).Val()
		if size != want.size || ttl > want.ttl || ttl < want.ttl-time.Minute {
			t.Errorf("%s: %d bytes for %v, want %+v", key, size, ttl, want)
		}
	}
}

func TestALimitShowsAsEvictionsAndRefusals(t *testing.T) {
	opt := options()
	opt.ValueSize, opt.Sample = 1000, time.Millisecond
	target := startRedis(t, opt)
	ctx := t.Context()
	var keys []string
	for i := range 5000 {
		keys = append(keys, fmt.Sprintf("key:%d", i))
	}
	for _, c := range []struct {
		policy           string
		evicted, refused bool
	}{{"allkeys-lru", true, false}, {"noeviction", false, true}} {
		if err := target.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		for key, value := range map[string]string{"maxmemory": "3mb", "maxmemory-policy": c.policy} {
			if err := target.Configure(ctx, key, value); err != nil {
				t.Fatal(err)
			}
		}
		r, err := Run(ctx, target.Client, gets(keys...), opt, nil)
		if err != nil {
			t.Fatal(err)
		}
		if (r.Evicted > 0) != c.evicted || (r.Refused > 0) != c.refused || r.MaxMemory != 3<<20 {
			t.Errorf("%s: %+v", c.policy, r)
		}
		if got := target.Policy(ctx); got != c.policy {
			t.Errorf("policy %s, want %s", got, c.policy)
		}
	}
	watch := redis.NewClient(&redis.Options{Addr: target.Client.Options().Addr})
	defer watch.Close()
	if err := target.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if got := watch.ConfigGet(ctx, "maxmemory*").Val(); got["maxmemory"] != "0" || got["maxmemory-policy"] != "noeviction" {
		t.Errorf("not restored: %v", got)
	}
}

func TestRunStopsAtTheErrorOfTheTraceOrTheServer(t *testing.T) {
	opt := options()
	target := startRedis(t, opt)
	broken := sourceFunc(func(*trace.Request) error { return io.ErrUnexpectedEOF })
	if _, err := Run(t.Context(), target.Client, broken, opt, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a broken trace: %v", err)
	}
	opt.Speed = 1
	if _, err := Run(t.Context(), target.Client, gets("a"), opt, nil); !errors.Is(err, errNoTimes) {
		t.Errorf("a pace without times: %v", err)
	}
	opt = options()
	if err := target.Client.LPush(t.Context(), "list", "x").Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), target.Client, gets("list"), opt, nil); err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
		t.Errorf("a key of another type: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	endless := sourceFunc(func(r *trace.Request) error {
		*r = trace.Request{Key: append(r.Key[:0], 'k'), Size: trace.NoSize, At: trace.NoTime}
		return nil
	})
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := Run(ctx, target.Client, endless, opt, nil); err == nil {
		t.Error("an endless trace ended without an error")
	}
}

type sourceFunc func(*trace.Request) error

func (f sourceFunc) Next(r *trace.Request) error { return f(r) }

func TestOptionsOutOfRangeAreRefused(t *testing.T) {
	for name, change := range map[string]func(o *Options){
		"concurrency": func(o *Options) { o.Concurrency = 0 },
		"pipeline":    func(o *Options) { o.Pipeline = 0 },
		"rate":        func(o *Options) { o.Rate = -1 },
		"two paces":   func(o *Options) { o.Rate, o.Speed = 1, 1 },
		"speed":       func(o *Options) { o.Speed = -1 },
		"scale":       func(o *Options) { o.TTLScale = 0 },
		"ttl":         func(o *Options) { o.TTL = -1 },
		"value size":  func(o *Options) { o.ValueSize = -2 },
		"max size":    func(o *Options) { o.MaxValueSize = 0 },
	} {
		o := options()
		change(&o)
		if o.check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	o := options()
	if err := o.check(); err != nil {
		t.Error(err)
	}
}

func TestARateSpreadsTheRequestsEvenly(t *testing.T) {
	opt := options()
	opt.Rate = 1000
	target := startRedis(t, opt)
	r, err := Run(t.Context(), target.Client, gets(strings.Fields(strings.Repeat("k ", 101))...), opt, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The last one is due 100 ms after the first. No upper bound: the machine may be busy.
	if r.Requests != 101 || r.Elapsed < 99*time.Millisecond {
		t.Errorf("%d requests in %v", r.Requests, r.Elapsed)
	}
}

func TestPaceScalesTraceTime(t *testing.T) {
	now := time.Unix(100, 0)
	p := newPacer(10)
	p.now = func() time.Time { return now }
	if !p.due(0) {
		t.Error("the first request is due at once")
	}
	if got := p.until(20 * time.Second); got != 2*time.Second {
		t.Errorf("20 s of trace at speed 10 take %v, want 2s", got)
	}
	now = now.Add(1999 * time.Millisecond)
	if p.due(20*time.Second) || p.until(20*time.Second) != time.Millisecond {
		t.Error("due a millisecond early")
	}
	now = now.Add(time.Millisecond)
	if !p.due(20 * time.Second) {
		t.Error("not due on time")
	}
}

func TestTableShowsServersSideBySide(t *testing.T) {
	var b strings.Builder
	err := WriteTable(&b, []Result{
		{Label: "a", Gets: 1_000_000, Hits: 250_000, MaxMemory: 100, PeakMemory: 103, MissesBecause: map[string]int64{"absent": 750_000}},
		{Label: "b", Gets: 1_000_000, Hits: 400_000, MaxMemory: 100, PeakMemory: 90},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"25.00%", "40.00%", "750,000", "-20.0%", "3 (3.00%)", "never set"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
	if strings.Contains(b.String(), "refused") {
		t.Errorf("rows that say nothing are not left out:\n%s", &b)
	}
}

func TestServerNamePrefersTheServersOwn(t *testing.T) {
	for text, want := range map[string]string{
		"# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\ngcc_version:12\r\n": "redis 7.0.15",
		"# Server\r\nredis_version:7.4.0\r\ncurfew_version:0.1\r\n":                       "curfew 0.1",
	} {
		if got := serverName(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
