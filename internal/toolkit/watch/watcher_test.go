package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/reading"
	"github.com/curfewkv/curfew/test/rig"
)

// start runs a watcher with short times until the test ends.
func start(t *testing.T, o Options) (*Watcher, *logged) {
	t.Helper()
	log := &logged{}
	o.Log = slog.New(slog.NewTextHandler(log, nil))
	if o.Interval == 0 {
		o.Interval = 100 * time.Millisecond
	}
	if o.Rules == nil {
		o.Rules = DefaultRules()
	}
	w := New(o)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { w.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return w, log
}

func (l *logged) has(t *testing.T, parts ...string) {
	t.Helper()
	rig.Eventually(t, fmt.Sprint("the log has ", parts), func() bool {
		for line := range strings.Lines(l.String()) {
			all := true
			for _, part := range parts {
				all = all && strings.Contains(line, part)
			}
			if all {
				return true
			}
		}
		return false
	})
}

func TestALeakIsFoundAndItsEnd(t *testing.T) {
	for name, launch := range map[string]func(testing.TB, ...string) *rig.Server{"redis": rig.Redis, "curfew": rig.Curfew} {
		t.Run(name, func(t *testing.T) {
			s := launch(t)
			s.Fill(t, "page:", 2000, "EX", "1000")
			r := newReceiver(t, 200)
			h, err := NewWebhook(r.URL, FormatJSON, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			sampler, err := reading.NewSampler(reading.SamplerOptions{Rate: 1e6, Every: 100 * time.Millisecond, State: filepath.Join(t.TempDir(), "state")})
			if err != nil {
				t.Fatal(err)
			}
			rules := DefaultRules()
			if err := Set(rules, "no-ttl-prefix=1000"); err != nil {
				t.Fatal(err)
			}
			w, log := start(t, Options{
				Connect: connect.Options{Addrs: []string{s.Addr}, AllDBs: true}, Rules: rules, Webhooks: []*Webhook{h}, Sampler: sampler, ClockEvery: time.Second,
			})
			scrape := func() string {
				answer := httptest.NewRecorder()
				w.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
				return answer.Body.String()
			}
			rig.Eventually(t, "a first reading", func() bool { return strings.Contains(scrape(), "redis_watch_keys 2000") })
			if log.String() != "" {
				t.Fatalf("alarms before there is anything: %s", log)
			}
			s.Fill(t, "session:", 1500)
			leak := time.Now()
			rig.Eventually(t, "the webhook is told", func() bool { return len(r.got()) >= 1 })
			var first Event
			if err := json.Unmarshal([]byte(r.got()[0]), &first); err != nil || first.Rule != "no-ttl-keys" || first.Value != 1500 || first.State != Firing {
				t.Errorf("%s %v", r.got()[0], err)
			}
			t.Logf("found %v after the last write; the interval is 100ms", first.At.Sub(leak))
			log.has(t, "rule=no-ttl-prefix", "subject=session:*", "state=firing")
			rig.Eventually(t, "Prometheus is told", func() bool {
				return strings.Contains(scrape(), `redis_watch_alarm{rule="no-ttl-keys",severity="warning",subject="all primaries"} 1`)
			})
			for i := range 1500 {
				s.Must(t, "EXPIRE", fmt.Sprint("session:", i), "1000")
			}
			log.has(t, "rule=no-ttl-keys", "state=resolved")
			log.has(t, "rule=no-ttl-prefix", "state=resolved")
			rig.Eventually(t, "Prometheus has no alarm", func() bool {
				text := scrape()
				return !strings.Contains(text, "redis_watch_alarm{") && strings.Contains(text, `redis_watch_events_total{rule="no-ttl-keys",state="resolved"} 1`)
			})
		})
	}
}

// A leak must be known two intervals after it is there, counted in readings and not in seconds.
func TestALeakIsFoundWithinTwoReadings(t *testing.T) {
	s := rig.Redis(t)
	w := New(Options{Connect: connect.Options{Addrs: []string{s.Addr}}, Rules: DefaultRules(), Interval: 10 * time.Second, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { w.source.Run(ctx) })
	defer wg.Wait()
	defer cancel()
	rig.Eventually(t, "the node is found", func() bool { return len(w.source.Clocks()) == 1 })
	if events := w.observe(ctx); len(events) != 0 {
		t.Fatalf("%v", events)
	}
	s.Fill(t, "session:", 1001)
	if events := append(w.observe(ctx), w.observe(ctx)...); len(events) != 1 || events[0].Rule != "no-ttl-keys" {
		t.Errorf("%v", events)
	}
}

func TestRefusedWritesAndEvictions(t *testing.T) {
	s := rig.Redis(t, "--maxmemory", "3mb", "--maxmemory-policy", "noeviction")
	rules := DefaultRules()
	for _, setting := range []string{"eviction-rate=0,for=0s", "memory-critical=on"} {
		if err := Set(rules, setting); err != nil {
			t.Fatal(err)
		}
	}
	_, log := start(t, Options{Connect: connect.Options{Addrs: []string{s.Addr}}, Rules: rules})
	c, err := rig.Dial(s)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i, full := 0, false; !full; i++ {
		reply, err := c.Do("SET", fmt.Sprint("k:", i), "x")
		if err != nil || i > 100_000 {
			t.Fatalf("after %d keys: %v", i, err)
		}
		full = reply.IsError()
	}
	log.has(t, "rule=memory-critical", "state=firing", "level=ERROR")
	rig.Eventually(t, "refused writes are an alarm", func() bool {
		_, _ = s.Do("SET", "one-more", "x")
		return strings.Contains(log.String(), "rule=write-failures")
	})
	s.Must(t, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
	s.Fill(t, "more:", 5000)
	log.has(t, "rule=eviction-rate", "state=firing")
	log.has(t, "rule=write-failures", "state=resolved")
}

func TestTheWatchOutlivesServers(t *testing.T) {
	nobody := Options{Connect: connect.Options{Addrs: []string{"127.0.0.1:1"}, Timeout: time.Second}, Rules: only(t, "unreachable=on,for=0s")}
	_, log := start(t, nobody)
	log.has(t, "rule=unreachable", "subject=127.0.0.1:1", "state=firing")

	w := rig.RedisSentinel(t, 1)
	rules := DefaultRules()
	if err := Set(rules, "unreachable=on,for=0s"); err != nil {
		t.Fatal(err)
	}
	_, log = start(t, Options{Connect: connect.Options{Addrs: w.Addrs(), SentinelMaster: w.Master, Timeout: time.Second}, Rules: rules, Interval: 200 * time.Millisecond})
	w.Primary.Fill(t, "k:", 1200)
	log.has(t, "rule=no-ttl-keys", "state=firing")
	rig.Eventually(t, "the replica has all", func() bool { return w.Replicas[0].Must(t, "DBSIZE").Text == "1200" })
	promoted := w.Failover(t)
	log.has(t, "rule=unreachable", "subject="+w.Primary.Addr, "state=firing")
	if strings.Contains(log.String(), "state=resolved") {
		t.Errorf("the keys were not gone: %s", log)
	}
	promoted.Must(t, "FLUSHALL")
	log.has(t, "rule=no-ttl-keys", "state=resolved")
}

func TestOnce(t *testing.T) {
	s := rig.Redis(t)
	s.Fill(t, "k:", 1001)
	options := Options{Connect: connect.Options{Addrs: []string{s.Addr}}, Rules: DefaultRules(), Interval: 10 * time.Second, ClockEvery: time.Minute, Log: slog.New(slog.DiscardHandler)}
	alarms, err := Once(t.Context(), options)
	if err != nil || len(alarms) != 1 || alarms[0].Rule != "no-ttl-keys" {
		t.Errorf("%v %v", alarms, err)
	}
	options.Connect.Addrs = []string{"127.0.0.1:1"}
	if _, err := Once(t.Context(), options); err == nil {
		t.Error("nobody is there, and all is well")
	}
}

// A server that is started again, with other contents, is the same node.
func TestTheWatchOutlivesARestart(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "redis.sock") // an address that stays
	s := rig.Redis(t, "--unixsocket", socket)
	s.Fill(t, "k:", 1200)
	rules := DefaultRules()
	if err := Set(rules, "unreachable=on,for=0s"); err != nil {
		t.Fatal(err)
	}
	_, log := start(t, Options{Connect: connect.Options{Addrs: []string{socket}, Timeout: time.Second}, Rules: rules})
	log.has(t, "rule=no-ttl-keys", "state=firing")
	s.Kill()
	log.has(t, "rule=unreachable", "subject="+socket, "state=firing")
	if strings.Contains(log.String(), "resolved") {
		t.Errorf("a dead server has no keys without TTL: %s", log)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	log.has(t, "rule=unreachable", "subject="+socket, "state=resolved")
	log.has(t, "rule=no-ttl-keys", "state=resolved") // it came back empty
	s.Fill(t, "k:", 1300)
	rig.Eventually(t, "a new alarm begins", func() bool {
		return strings.Count(log.String(), "rule=no-ttl-keys") == 3
	})
}
