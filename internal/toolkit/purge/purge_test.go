package purge

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/sweep"
	"github.com/curfewkv/curfew/internal/toolkit/sweep/sweeptest"
	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

func open(t *testing.T, o connect.Options) *connect.Target {
	t.Helper()
	target, err := connect.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	return target
}

// write sets prefix0 to prefix(n-1).
func write(t *testing.T, c redis.UniversalClient, prefix string, n int, ttl time.Duration) {
	t.Helper()
	for from := 0; from < n; from += 1000 {
		if _, err := c.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for i := from; i < min(n, from+1000); i++ {
				p.Set(t.Context(), fmt.Sprintf("%s%d", prefix, i), "v", ttl)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// there counts the keys of write that exist.
func there(t *testing.T, c redis.UniversalClient, prefix string, n int) (count int64) {
	t.Helper()
	var cmds []*redis.IntCmd
	if _, err := c.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		for i := range n {
			cmds = append(cmds, p.Exists(t.Context(), fmt.Sprintf("%s%d", prefix, i)))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, cmd := range cmds {
		count += cmd.Val()
	}
	return count
}

func purgeBetween(t *testing.T, target *connect.Target, o Options, before func(page int, p *sweep.Place)) *Report {
	t.Helper()
	r, err := newRemover(o)
	if err != nil {
		t.Fatal(err)
	}
	result, err := sweep.Run(t.Context(), target, &sweeptest.Between{Worker: r, Before: before}, r.sweepOptions())
	if err != nil {
		t.Fatal(err)
	}
	return r.report(result)
}

var servers = map[string]func(testing.TB, ...string) *rig.Server{
	"redis": rig.Redis, "curfew": rig.Curfew,
	"restricted": func(t testing.TB, _ ...string) *rig.Server { return rig.Redis(t, rig.Restricted...) },
	"old": func(t testing.TB, _ ...string) *rig.Server {
		return rig.Redis(t, "--rename-command", "UNLINK", "", "--rename-command", "EVAL", "")
	},
}

func TestConditions(t *testing.T) {
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			target := open(t, connect.Options{Addrs: []string{start(t).Addr}})
			c := target.Client
			for _, o := range []struct {
				name    string
				options Options
				goes    string // prefixes that are removed
			}{
				{"pattern", Options{Match: []string{"a:*"}}, "a:none a:hour a:day"},
				{"patterns", Options{Match: []string{"a:*", "b:h*"}, Exclude: []string{"*:day*"}}, "a:none a:hour b:hour"},
				{"no TTL", Options{NoTTL: true}, "a:none b:none"},
				{"no TTL, pattern", Options{NoTTL: true, Match: []string{"b:*"}}, "b:none"},
				{"TTL above", Options{TTLAbove: 2 * time.Hour}, "a:day b:day"},
				{"older", Options{OlderThan: 22 * time.Hour, TTL: 24 * time.Hour, Match: []string{"a:*"}}, "a:hour"},
			} {
				for _, prefix := range []string{"a:", "b:"} {
					write(t, c, prefix+"none", 300, 0)
					write(t, c, prefix+"hour", 300, time.Hour)
					write(t, c, prefix+"day", 300, 24*time.Hour)
				}
				o.options.Sweep.Page = 100
				want := int64(300 * len(strings.Fields(o.goes)))
				dry := o.options
				dry.DryRun = true
				report, err := Run(t.Context(), target, dry)
				if err != nil || report.Total.Removed != want || c.DBSize(t.Context()).Val() != 1800 || len(report.Sample) == 0 {
					t.Fatalf("%s: dry run: %+v %v", o.name, report, err)
				}
				seen, err := Foresee(t.Context(), target, o.options)
				if err != nil || !seen.Exact || seen.Keys != want || seen.Of != 1800 {
					t.Errorf("%s: foreseen: %+v %v", o.name, seen, err)
				}
				report, err = Run(t.Context(), target, o.options)
				if err != nil || report.Total.Removed != want || c.DBSize(t.Context()).Val() != 1800-want || report.Total.Failed+report.Total.Vanished != 0 {
					t.Fatalf("%s: %+v %v, %d keys left", o.name, report, err, c.DBSize(t.Context()).Val())
				}
				for prefix := range strings.FieldsSeq(o.goes) {
					if n := there(t, c, prefix, 300); n != 0 {
						t.Errorf("%s: %d keys of %s are left", o.name, n, prefix)
					}
				}
				warned := len(report.Notes) > 0
				if judged := o.options.condition().judges(); warned != (judged && (name == "curfew" || name == "old")) {
					t.Errorf("%s: notes %q", o.name, report.Notes)
				}
			}
		})
	}
}

func TestIdleKeys(t *testing.T) {
	for _, name := range []string{"redis", "curfew", "old"} {
		t.Run(name, func(t *testing.T) {
			s := servers[name](t)
			target := open(t, connect.Options{Addrs: []string{s.Addr}})
			c := target.Client
			write(t, c, "idle", 100, 0)
			write(t, c, "used", 100, 0)
			// Idle time is counted in whole seconds.
			rig.Eventually(t, "the keys are idle", func() bool {
				return c.ObjectIdleTime(t.Context(), "idle0").Val() >= 2*time.Second && c.ObjectIdleTime(t.Context(), "idle99").Val() >= 2*time.Second
			})
			for i := range 100 {
				s.Must(t, "GET", fmt.Sprintf("used%d", i)) // what the toolkit's own connections look at does not count as used
			}
			report, err := Run(t.Context(), target, Options{IdleFor: 2 * time.Second})
			if err != nil || report.Total.Removed != 100 || there(t, c, "used", 100) != 100 {
				t.Errorf("%+v %v", report, err)
			}
		})
	}
	s := rig.Redis(t, "--maxmemory-policy", "allkeys-lfu")
	target := open(t, connect.Options{Addrs: []string{s.Addr}})
	write(t, target.Client, "k", 10, 0)
	for _, dry := range []bool{true, false} {
		if _, err := Run(t.Context(), target, Options{IdleFor: time.Hour, DryRun: dry}); err == nil || !strings.Contains(err.Error(), "LFU maxmemory-policy") {
			t.Errorf("with LFU: %v", err)
		}
	}
}

// A key that is chosen and then renewed stays: the script looks again.
func TestAKeyThatIsRenewedStays(t *testing.T) {
	s := rig.Redis(t)
	target := open(t, connect.Options{Addrs: []string{s.Addr}})
	write(t, target.Client, "k", 2000, 0)
	report := purgeBetween(t, target, Options{NoTTL: true}, func(page int, p *sweep.Place) {
		if page == 1 { // after SCAN has brought its first page
			for i := range 2000 {
				target.Client.Expire(t.Context(), fmt.Sprintf("k%d", i), time.Hour)
			}
		}
	})
	if report.Total.Removed != 0 || report.Total.Kept < 2000 || there(t, target.Client, "k", 2000) != 2000 {
		t.Errorf("%+v", report)
	}
}

func TestFailuresAreTold(t *testing.T) {
	s := rig.Redis(t)
	s.Must(t, "ACL", "SETUSER", "purger", "on", ">pw", "+@all", "~ok*", "%R~*")
	write(t, open(t, connect.Options{Addrs: []string{s.Addr}}).Client, "ok", 50, 0)
	write(t, open(t, connect.Options{Addrs: []string{s.Addr}}).Client, "no", 50, 0)
	target := open(t, connect.Options{Addrs: []string{s.Addr}, User: "purger", Password: "pw"})
	for i, o := range []Options{{Match: []string{"*"}}, {NoTTL: true}} {
		want := Counts{Removed: 50, Failed: 50}
		if i == 1 {
			want.Removed = 0
		}
		report, err := Run(t.Context(), target, o)
		if err != nil || report.Total != want || len(report.Failures) == 0 || !strings.Contains(report.Failures[0].Error, "NOPERM") {
			t.Errorf("%+v: %+v %v", o, report, err)
		}
	}
}

func TestPurgeEndsAtACommandThatIsNotAllowed(t *testing.T) {
	s := rig.Redis(t)
	s.Must(t, "ACL", "SETUSER", "reader", "on", ">pw", "~*", "+@read", "+@connection", "+info")
	write(t, open(t, connect.Options{Addrs: []string{s.Addr}}).Client, "k", 3000, 0)
	target := open(t, connect.Options{Addrs: []string{s.Addr}, User: "reader", Password: "pw"})
	for _, o := range []Options{{Match: []string{"*"}}, {NoTTL: true}} {
		report, err := Run(t.Context(), target, o)
		if err == nil || !strings.Contains(err.Error(), "unlink") || report.Complete || report.Total != (Counts{}) {
			t.Errorf("%+v: %+v %v", o, report, err)
		}
	}
}

func TestClusterWithASlotOnTheMove(t *testing.T) {
	c := rig.RedisCluster(t, 3, 0)
	target := open(t, connect.Options{Addrs: c.Addrs()[:1]})
	write(t, target.Client, "k", 3000, 0)
	write(t, target.Client, "{m}", 600, 0)
	slot := lifetime.Slot("{m}")
	from := c.Owner(t, slot)
	to := c.Primaries[0]
	if to == from {
		to = c.Primaries[1]
	}
	var keys []string
	for i := range 600 {
		keys = append(keys, fmt.Sprintf("{m}%d", i))
	}
	o := Options{Match: []string{"*"}, Sweep: sweep.Options{Concurrency: 1, Page: 200}}
	began := false
	report := purgeBetween(t, target, o, func(page int, p *sweep.Place) {
		switch {
		case page == 1:
			began = true
			c.BeginMigration(t, slot, from, to)
			c.MoveKeys(t, from, to, keys[:300]...)
		case began && p.Pass > 0:
			began = false
			c.MoveKeys(t, from, to, keys[300:]...)
			c.EndMigration(t, slot, to)
		}
	})
	if began { // nothing was left to be looked at again
		c.EndMigration(t, slot, to)
	}
	if report.Total.Removed != 3600 || report.Total.Failed != 0 || there(t, target.Client, "k", 3000)+there(t, target.Client, "{m}", 600) != 0 {
		t.Errorf("%+v", report)
	}
}

func TestSentinelFailoverInTheMiddle(t *testing.T) {
	w := rig.RedisSentinel(t, 2)
	write(t, open(t, connect.Options{Addrs: []string{w.Primary.Addr}}).Client, "k", 4000, 0)
	w.Primary.Must(t, "WAIT", "2", "5000")
	target := open(t, connect.Options{Addrs: w.Addrs(), SentinelMaster: w.Master})
	var promoted *rig.Server
	report := purgeBetween(t, target, Options{NoTTL: true}, func(page int, _ *sweep.Place) {
		if page == 4 {
			w.Primary.Must(t, "WAIT", "2", "5000")
			promoted = w.Failover(t)
		}
	})
	if n := promoted.Must(t, "DBSIZE").Text; n != "0" || report.Total.Failed != 0 || report.Total.Removed != 4000 {
		t.Errorf("%s keys are left: %+v", n, report)
	}
}

func TestAPurgeIsGoneOnWith(t *testing.T) {
	s := rig.Redis(t)
	target := open(t, connect.Options{Addrs: []string{s.Addr}})
	write(t, target.Client, "k", 5000, 0)
	r, err := newRemover(Options{Match: []string{"k*"}, Sweep: sweep.Options{Resume: filepath.Join(t.TempDir(), "state")}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	result, err := sweep.Run(ctx, target, &sweeptest.Between{Worker: r, Before: func(page int, _ *sweep.Place) {
		if page == 3 {
			cancel()
		}
	}}, r.sweepOptions())
	if err == nil || result.Counts.Changed == 0 || result.Counts.Changed+there(t, target.Client, "k", 5000) != 5000 {
		t.Fatalf("%+v %v", result, err)
	}
	report, err := Run(t.Context(), target, r.options)
	if err != nil || !report.Resumed || report.Total != (Counts{Removed: 5000}) {
		t.Errorf("%+v %v", report, err)
	}
}

func TestTagSet(t *testing.T) {
	c := rig.RedisCluster(t, 3, 0)
	for name, addr := range map[string]string{"standalone": rig.Redis(t).Addr, "cluster": c.Primaries[0].Addr} {
		t.Run(name, func(t *testing.T) {
			target := open(t, connect.Options{Addrs: []string{addr}})
			write(t, target.Client, "k", 3000, 0)
			for i := range 3500 { // 500 of these are of keys that are gone
				target.Client.SAdd(t.Context(), "tag:promo", fmt.Sprintf("k%d", i+500))
			}
			report, err := TagSet(t.Context(), target, "tag:promo", sweep.Options{}, true)
			want := TagReport{DryRun: true, Set: "tag:promo", Removed: 2500, Gone: 1000}
			if err != nil || *report != want || there(t, target.Client, "k", 3000) != 3000 {
				t.Errorf("dry run: %+v %v", report, err)
			}
			report, err = TagSet(t.Context(), target, "tag:promo", sweep.Options{}, false)
			want.DryRun = false
			if err != nil || *report != want || there(t, target.Client, "k", 3000) != 500 || target.Client.Exists(t.Context(), "tag:promo").Val() != 0 {
				t.Errorf("%+v %v, want %+v", report, err, want)
			}
			if _, err := TagSet(t.Context(), target, "tag:promo", sweep.Options{}, false); err == nil {
				t.Error("a set that is not there was purged")
			}
			if _, err := TagSet(t.Context(), target, "k0", sweep.Options{}, false); err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
				t.Errorf("a string as a set: %v", err)
			}
		})
	}
}

func TestOptionsThatGoAgainstEachOther(t *testing.T) {
	for name, o := range map[string]Options{
		"nothing": {}, "only an exception": {Exclude: []string{"a"}}, "an empty pattern": {Match: []string{""}},
		"older without TTL": {OlderThan: time.Hour}, "TTL alone": {TTL: time.Hour}, "older than the TTL": {OlderThan: 2 * time.Hour, TTL: time.Hour},
		"none and above": {NoTTL: true, TTLAbove: time.Hour}, "parts of seconds": {IdleFor: time.Millisecond}, "negative": {TTLAbove: -1},
		"older and above": {OlderThan: 5 * time.Hour, TTL: 6 * time.Hour, TTLAbove: 2 * time.Hour},
	} {
		if o.Check() == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
