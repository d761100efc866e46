package fix

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/sweep"
	"github.com/curfewkv/curfew/internal/toolkit/sweep/sweeptest"
	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

func TestFixGivesATTLOnlyWhereThereIsNone(t *testing.T) {
	servers := map[string]func(testing.TB, ...string) *rig.Server{
		"redis": rig.Redis, "curfew": rig.Curfew,
		"restricted": func(t testing.TB, _ ...string) *rig.Server { return rig.Redis(t, rig.Restricted...) },
	}
	for name, c := range map[string]struct {
		server string
		method Method
	}{
		"redis/nx": {"redis", Auto}, "redis/script": {"redis", Script}, "redis/race": {"redis", Race},
		"curfew/nx": {"curfew", Auto}, "curfew/race": {"curfew", Race}, "restricted/nx": {"restricted", NX},
	} {
		t.Run(name, func(t *testing.T) {
			s := servers[c.server](t)
			target := open(t, connect.Options{Addrs: []string{s.Addr}})
			checkRules(t, target, c.method)
		})
	}
}

func checkRules(t *testing.T, target *connect.Target, method Method) {
	ctx, c := t.Context(), target.Client
	const n = 1500
	write(t, c, "session:", n)
	write(t, c, "session:admin:", 50)
	write(t, c, "cache:", 300)
	write(t, c, "cache:config:", 20)
	write(t, c, "other:", 100)
	binary := "session:\x00\xff\r\n"
	c.Set(ctx, binary, "v", 0)
	own := c.Set(ctx, "session:own", "v", 50*time.Second).Err()
	if own != nil {
		t.Fatal(own)
	}
	before := c.PExpireTime(ctx, "session:own").Val()
	o := Options{
		Rules: []Rule{{"session:*", 24 * time.Hour}, {"session:admin:*", time.Hour}, {"cache:*", 7 * 24 * time.Hour}}, Jitter: 10,
		Exclude: []string{"cache:config:*"}, Method: method, AllowRace: true, Sweep: sweep.Options{Page: 100},
	}
	dry := o
	dry.DryRun = true
	report, err := Run(ctx, target, dry)
	want := Counts{Fixed: n + 50 + 300 + 1, HadTTL: 1}
	if err != nil || report.Total != want || without(t, c, "session:", n) != n {
		t.Fatalf("dry run: %+v %v, want %+v and no change", report, err, want)
	}
	report, err = Run(ctx, target, o)
	if err != nil || report.Total != want || !report.Complete {
		t.Fatalf("%+v %v, want %+v", report, err, want)
	}
	for i, w := range []Counts{{Fixed: n + 1, HadTTL: 1}, {Fixed: 50}, {Fixed: 300}} {
		if report.Rules[i].Counts != w {
			t.Errorf("rule %s: %+v, want %+v", report.Rules[i].Pattern, report.Rules[i].Counts, w)
		}
	}
	if len(report.Nodes) != 1 || report.Nodes[0].Counts != want || !report.Nodes[0].Done {
		t.Errorf("by node: %+v", report.Nodes)
	}
	if at := c.PExpireTime(ctx, "session:own").Val(); at != before {
		t.Errorf("a TTL that was there became %v, was %v", at, before)
	}
	for key, around := range map[string]time.Duration{
		"session:7": 24 * time.Hour, binary: 24 * time.Hour, "session:admin:7": time.Hour, "cache:7": 7 * 24 * time.Hour,
	} {
		ttl := c.PTTL(ctx, key).Val()
		exact := lifetime.Jitter{Percent: 10, PerKey: true}.TTL(around, key)
		if ttl > exact || ttl < exact-time.Minute {
			t.Errorf("%q has TTL %v, want %v", key, ttl, exact)
		}
	}
	for _, key := range []string{"other:7", "cache:config:7"} {
		if ttl := c.PTTL(ctx, key).Val(); ttl != -1 {
			t.Errorf("%s has TTL %v", key, ttl)
		}
	}
	// Deadlines have the same last digits in each run; this one is to give others.
	time.Sleep(1100 * time.Millisecond)
	report, err = Run(ctx, target, o)
	if want := (Counts{HadTTL: n + 352}); err != nil || report.Total != want {
		t.Errorf("a second run: %+v %v, want %+v", report, err, want)
	}
}

func TestFixRefusesToRace(t *testing.T) {
	s := rig.Redis(t, "--rename-command", "EVAL", "")
	target := open(t, connect.Options{Addrs: []string{s.Addr}})
	write(t, target.Client, "k", 10)
	o := Options{Rules: []Rule{{"k*", time.Hour}}, Method: Script, Sweep: sweep.Options{RetryFor: time.Second}}
	if _, err := Run(t.Context(), target, o); err == nil || !strings.Contains(err.Error(), "--allow-race") {
		t.Errorf("without NX and EVAL: %v", err)
	}
	if without(t, target.Client, "k", 10) != 10 {
		t.Error("something was changed")
	}
	f, err := newFixer(Options{Rules: o.Rules, AllowRace: true})
	if err != nil {
		t.Fatal(err)
	}
	// A server of Redis 6 takes the same way: NX is refused, then EVAL.
	f.server(s.Addr).method = Script
	result, err := sweep.Run(t.Context(), target, f, f.sweepOptions())
	if err != nil || f.report(result).Total.Fixed != 10 || len(f.report(result).Notes) == 0 {
		t.Errorf("with --allow-race: %+v %v", result, err)
	}
}

// What servers before 7.0 answer to NX.
func TestServersWithoutNXAreKnownByTheirAnswer(t *testing.T) {
	for text, want := range map[string]bool{
		"ERR wrong number of arguments for 'pexpireat' command": true,
		"ERR syntax error": true, "ERR Unsupported option NX": true, "NOPERM this user has no permissions": false, "MOVED 1 a:1": false,
	} {
		if got := NX.without(fmt.Errorf("%s", text)); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func TestFixTellsWhichKeysFailed(t *testing.T) {
	s := rig.Redis(t)
	s.Must(t, "ACL", "SETUSER", "fixer", "on", ">pw", "+@all", "%R~*", "%RW~ok:*")
	write(t, open(t, connect.Options{Addrs: []string{s.Addr}}).Client, "ok:", 100)
	write(t, open(t, connect.Options{Addrs: []string{s.Addr}}).Client, "no:", 100)
	target := open(t, connect.Options{Addrs: []string{s.Addr}, User: "fixer", Password: "pw"})
	report, err := Run(t.Context(), target, Options{Rules: []Rule{{"*", time.Hour}}})
	if err != nil || report.Total != (Counts{Fixed: 100, Failed: 100}) {
		t.Fatalf("%+v %v", report, err)
	}
	if len(report.Failures) != 10 || !strings.Contains(report.Failures[0].Error, "NOPERM") || !strings.HasPrefix(report.Failures[0].Key, `"no:`) {
		t.Errorf("failures: %+v", report.Failures)
	}
}

// A million keys are not tried in vain.
func TestFixEndsAtACommandThatIsNotAllowed(t *testing.T) {
	s := rig.Redis(t)
	s.Must(t, "ACL", "SETUSER", "reader", "on", ">pw", "~*", "+@read", "+@connection", "+info")
	write(t, open(t, connect.Options{Addrs: []string{s.Addr}}).Client, "k", 3000)
	target := open(t, connect.Options{Addrs: []string{s.Addr}, User: "reader", Password: "pw"})
	report, err := Run(t.Context(), target, Options{Rules: []Rule{{"*", time.Hour}}})
	if err == nil || !strings.Contains(err.Error(), "pexpireat") || report.Complete || report.Total != (Counts{}) {
		t.Errorf("%+v %v", report, err)
	}
}

func TestFixInSeveralDatabases(t *testing.T) {
	s := rig.Redis(t)
	for _, db := range []int{0, 3, 9} {
		write(t, open(t, connect.Options{Addrs: []string{s.Addr}, DB: db}).Client, "k", 700)
	}
	report, err := Run(t.Context(), open(t, connect.Options{Addrs: []string{s.Addr}, AllDBs: true}), Options{Rules: []Rule{{"k*", time.Hour}}})
	if err != nil || report.Total.Fixed != 2100 || len(report.Nodes) != 3 || report.Nodes[2].DB != 9 || report.Nodes[2].Fixed != 700 {
		t.Fatalf("%+v %v", report, err)
	}
}

// When a connection breaks under a pipeline, the server may have done it already, and says 0 the next time.
func TestLostAnswersAreCountedOnce(t *testing.T) {
	for _, method := range []Method{NX, Script} {
		t.Run(string(method), func(t *testing.T) {
			s := rig.Redis(t)
			p := newProxy(t, s)
			target := open(t, connect.Options{Addrs: []string{p.Addr().String()}})
			write(t, target.Client, "k", 3000)
			report := fixBetween(t, target, Options{Rules: []Rule{{"k*", time.Hour}}, Method: method}, func(page int, _ *sweep.Place) {
				if page%2 == 0 {
					p.cut.Store(true)
				}
			})
			if report.Total != (Counts{Fixed: 3000}) {
				t.Errorf("%+v", report)
			}
		})
	}
}

// SCAN brings a key twice when the table is resized meanwhile.
func TestAKeyThatIsBroughtTwiceIsCountedOnce(t *testing.T) {
	target := open(t, connect.Options{Addrs: []string{rig.Redis(t).Addr}})
	write(t, target.Client, "k", 100)
	f, err := newFixer(Options{Rules: []Rule{{"k*", time.Hour}}})
	if err != nil {
		t.Fatal(err)
	}
	result, err := sweep.Run(t.Context(), target, twice{f}, f.sweepOptions())
	if want := (Counts{Fixed: 100}); err != nil || f.report(result).Total != want {
		t.Errorf("%+v %v, want %+v", result, err, want)
	}
}

// twice brings every page twice.
type twice struct{ worker sweep.Worker }

func (w twice) Page(ctx context.Context, p *sweep.Place, keys []string) (sweep.Tally, error) {
	sum, err := w.worker.Page(ctx, p, keys)
	if err != nil {
		return nil, err
	}
	p.Counted.To = time.Now()
	tally, err := w.worker.Page(ctx, p, keys)
	sum.Add(tally)
	return sum, err
}

func TestARestartBeginsAgain(t *testing.T) {
	s := rig.Redis(t, "--save", "3600 1")
	p := newProxy(t, s)
	target := open(t, connect.Options{Addrs: []string{p.Addr().String()}})
	write(t, target.Client, "k", 5000)
	report := fixBetween(t, target, Options{Rules: []Rule{{"k*", time.Hour}}, Jitter: 5}, func(page int, _ *sweep.Place) {
		if page == 5 {
			if err := s.Restart(); err != nil {
				t.Error(err)
			}
			p.behind.Store(&s.Addr)
		}
	})
	if report.Total != (Counts{Fixed: 5000}) || without(t, target.Client, "k", 5000) != 0 {
		t.Errorf("%+v", report)
	}
	if len(report.Notes) != 1 || !strings.Contains(report.Notes[0], "restarted") {
		t.Errorf("notes: %q", report.Notes)
	}
}

func TestSentinelFailoverInTheMiddle(t *testing.T) {
	w := rig.RedisSentinel(t, 2)
	write(t, open(t, connect.Options{Addrs: []string{w.Primary.Addr}}).Client, "k", 5000)
	w.Primary.Must(t, "WAIT", "2", "5000")
	target := open(t, connect.Options{Addrs: w.Addrs(), SentinelMaster: w.Master})
	var promoted *rig.Server
	report := fixBetween(t, target, Options{Rules: []Rule{{"k*", time.Hour}}}, func(page int, _ *sweep.Place) {
		if page == 5 {
			promoted = w.Failover(t)
		}
	})
	if report.Total != (Counts{Fixed: 5000}) || len(report.Nodes) != 1 || report.Nodes[0].Node != promoted.Addr {
		t.Errorf("%+v", report)
	}
	if n := without(t, open(t, connect.Options{Addrs: []string{promoted.Addr}}).Client, "k", 5000); n != 0 {
		t.Errorf("%d keys have no TTL", n)
	}
}

func TestClusterWithSlotsOnTheMove(t *testing.T) {
	c := rig.RedisCluster(t, 3, 0)
	target := open(t, connect.Options{Addrs: c.Addrs()[:1]})
	write(t, target.Client, "k:", 6000)
	// One slot of each node that holds many keys.
	tags := map[string]string{}
	for i := 0; len(tags) < 3; i++ {
		tag := fmt.Sprintf("{%d}", i)
		tags[c.Owner(t, lifetime.Slot(tag)).Addr] = tag
	}
	for _, tag := range tags {
		write(t, target.Client, tag, 800)
	}
	byAddr := map[string]*rig.Server{}
	for _, s := range c.Primaries {
		byAddr[s.Addr] = s
	}
	keys := func(tag string, from, to int) (all []string) {
		for i := from; i < to; i++ {
			all = append(all, fmt.Sprintf("%s%d", tag, i))
		}
		return all
	}
	var seen []string
	step := 0
	o := Options{Rules: []Rule{{"*", time.Hour}}, Changes: filepath.Join(t.TempDir(), "changes"), Sweep: sweep.Options{Concurrency: 1, Page: 200}}
	report := fixBetween(t, target, o, func(page int, p *sweep.Place) {
		if len(seen) == 0 || seen[len(seen)-1] != p.Node.Addr {
			seen = append(seen, p.Node.Addr)
		}
		switch {
		case step == 0 && len(seen) == 2:
			// A slot of a node that is not walked yet goes to one that is done with: nobody brings its keys.
			step = 1
			first, third := byAddr[seen[0]], other(c, seen)
			tag := tags[third.Addr]
			slot := lifetime.Slot(tag)
			c.BeginMigration(t, slot, third, first)
			c.MoveKeys(t, third, first, keys(tag, 0, 800)...)
			c.EndMigration(t, slot, first)
			// And one of the node at hand begins to move: it has some of the keys, and another the rest.
			tag = tags[p.Node.Addr]
			c.BeginMigration(t, lifetime.Slot(tag), byAddr[p.Node.Addr], first)
			c.MoveKeys(t, byAddr[p.Node.Addr], first, keys(tag, 0, 500)...)
		case step == 1 && p.Pass > 0:
			step = 2
			tag := tags[seen[1]]
			c.MoveKeys(t, byAddr[seen[1]], byAddr[seen[0]], keys(tag, 500, 800)...)
			c.EndMigration(t, lifetime.Slot(tag), byAddr[seen[0]])
		}
	})
	if step != 2 || report.Total != (Counts{Fixed: 6000 + 3*800}) || len(report.Nodes) != 3 {
		t.Errorf("step %d: %+v", step, report)
	}
	if n := without(t, target.Client, "k:", 6000); n != 0 {
		t.Errorf("%d keys have no TTL", n)
	}
	for _, tag := range tags {
		if n := without(t, target.Client, tag, 800); n != 0 {
			t.Errorf("%d of the keys of %s have no TTL", n, tag)
		}
	}
	undone, err := Undo(t.Context(), target, UndoOptions{File: o.Changes})
	// A key that was under way for longer than moveDrift has a TTL that cannot be told from others, and keeps it.
	if err != nil || undone.Undone+undone.Renewed != 8400 || undone.Undone < 6000 {
		t.Errorf("undo: %+v %v", undone, err)
	}
}

// other is the node that is not among the seen ones.
func other(c *rig.Cluster, seen []string) *rig.Server {
	for _, s := range c.Primaries {
		if s.Addr != seen[0] && s.Addr != seen[1] {
			return s
		}
	}
	return nil
}

func TestResumeAfterKill(t *testing.T) {
	s := rig.Redis(t)
	target := open(t, connect.Options{Addrs: []string{s.Addr}})
	const n = 20000
	write(t, target.Client, "k", n)
	target.Client.Set(t.Context(), "kown", "v", time.Hour)
	dir := t.TempDir()
	o := Options{
		Rules: []Rule{{"k*", time.Hour}}, Jitter: 10, Changes: filepath.Join(dir, "changes"),
		Sweep: sweep.Options{Resume: filepath.Join(dir, "state"), Rate: 5000, Page: 200},
	}
	text, err := json.Marshal(childRun{s.Addr, o.Rules, o.Jitter, o.Changes, o.Sweep.Resume, o.Sweep.Rate})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childOptions+"="+string(text))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// Killed after a saved state that is in the middle, and some more work.
	rig.Eventually(t, "the state tells of work", func() bool {
		text, _ := os.ReadFile(o.Sweep.Resume)
		return strings.Contains(string(text), `"changed"`)
	})
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	left := without(t, target.Client, "k", n)
	if left == 0 || left == n {
		t.Fatalf("killed when %d of %d keys were left", left, n)
	}
	o.Sweep.Rate = 0
	wrong := o
	wrong.Jitter = 0
	if _, err := Run(t.Context(), target, wrong); err == nil || !strings.Contains(err.Error(), "other rules") {
		t.Errorf("a state of other rules: %v", err)
	}
	report, err := Run(t.Context(), target, o)
	if err != nil || !report.Resumed || report.Total != (Counts{Fixed: n, HadTTL: 1}) || without(t, target.Client, "k", n) != 0 {
		t.Fatalf("%+v %v", report, err)
	}
	if _, err := os.Stat(o.Sweep.Resume); err == nil {
		t.Error("the state is still there")
	}
	undone, err := Undo(t.Context(), target, UndoOptions{File: o.Changes})
	if err != nil || undone.Undone != n || without(t, target.Client, "k", n) != n {
		t.Errorf("undo: %+v %v", undone, err)
	}
}

func TestAnInterruptedRunIsGoneOnWith(t *testing.T) {
	s := rig.Redis(t)
	target := open(t, connect.Options{Addrs: []string{s.Addr}})
	write(t, target.Client, "k", 5000)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	f, err := newFixer(Options{Rules: []Rule{{"k*", time.Hour}}, Sweep: sweep.Options{Resume: filepath.Join(t.TempDir(), "state")}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	result, err := sweep.Run(ctx, target, &sweeptest.Between{Worker: f, Before: func(page int, _ *sweep.Place) {
		if page == 4 {
			cancel()
		}
	}}, f.sweepOptions())
	// The page at hand is finished.
	done := 5000 - without(t, target.Client, "k", 5000)
	if err == nil || result.Complete || result.Counts.Changed != int64(done) || done == 0 || done == 5000 {
		t.Fatalf("%+v %v, and %d keys have a TTL", result, err, done)
	}
	report, err := Run(t.Context(), target, f.options)
	if err != nil || report.Total != (Counts{Fixed: 5000}) || len(report.Notes) != 0 {
		t.Errorf("%+v %v", report, err)
	}
}

func TestUndoLeavesOtherTTLsAlone(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...string) *rig.Server{"redis": rig.Redis, "curfew": rig.Curfew} {
		t.Run(name, func(t *testing.T) {
			target := open(t, connect.Options{Addrs: []string{start(t).Addr}})
			ctx, c := t.Context(), target.Client
			write(t, c, "k", 1200)
			c.Set(ctx, "k\xfe", "v", 0)
			file := filepath.Join(t.TempDir(), "changes")
			if _, err := Run(ctx, target, Options{Rules: []Rule{{"k*", time.Hour}}, Changes: file}); err != nil {
				t.Fatal(err)
			}
			c.Expire(ctx, "k1", 2*time.Hour)
			c.Del(ctx, "k2")
			c.Persist(ctx, "k3")
			want := Undone{Undone: 1198, Renewed: 1, Without: 1, Gone: 1}
			if name == "curfew" {
				_, err := Undo(ctx, target, UndoOptions{File: file})
				if err == nil || !strings.Contains(err.Error(), "--allow-race") {
					t.Errorf("without EVAL: %v", err)
				}
			}
			dry, err := Undo(ctx, target, UndoOptions{File: file, DryRun: true})
			want.DryRun = true
			if err != nil || fmt.Sprint(*dry) != fmt.Sprint(want) || without(t, c, "k", 1200) != 2 {
				t.Errorf("dry run: %+v %v, want %+v", dry, err, want)
			}
			undone, err := Undo(ctx, target, UndoOptions{File: file, AllowRace: true})
			want.DryRun = false
			if err != nil || fmt.Sprint(*undone) != fmt.Sprint(want) || without(t, c, "k", 1200) != 1199 || c.TTL(ctx, "k\xfe").Val() != -1 {
				t.Errorf("%+v %v, want %+v", undone, err, want)
			}
		})
	}
}

func TestTornChangesAreCutOff(t *testing.T) {
	file := filepath.Join(t.TempDir(), "changes")
	whole := `{"node":"a:1","db":0,"key":"k","ttl_ms":1,"expire_at_ms":5}` + "\n"
	if err := os.WriteFile(file, []byte(whole+`{"node":"a:1","db":0,"ke`), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := openChanges(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.add("a:1", 0, &item{key: "\xff", ttl: 1, deadline: 6}); err != nil {
		t.Fatal(err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	var keys []string
	err = readChanges(file, func(c *Change) error {
		name, err := c.Name()
		keys = append(keys, name)
		return err
	})
	if err != nil || fmt.Sprintf("%q", keys) != `["k" "\xff"]` {
		t.Errorf("%q %v", keys, err)
	}
	if err := os.WriteFile(file, []byte("a,b,c\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openChanges(file); err == nil {
		t.Error("a file of something else is written to")
	}
	if err := readChanges(file, func(*Change) error { return nil }); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a file of something else: %v", err)
	}
}

func TestOptionsOutOfBounds(t *testing.T) {
	rule := []Rule{{"k*", time.Hour}}
	for name, o := range map[string]Options{
		"no rule": {}, "no TTL": {Rules: []Rule{{"k*", 0}}}, "a negative TTL": {Rules: []Rule{{"k*", -time.Hour}}},
		"an empty pattern": {Rules: []Rule{{"", time.Hour}}}, "all jitter": {Rules: rule, Jitter: 100}, "negative jitter": {Rules: rule, Jitter: -1},
		"an unknown method": {Rules: rule, Method: "x"}, "an unwanted race": {Rules: rule, Method: Race},
		"changes of a dry run": {Rules: rule, DryRun: true, Changes: "x"},
	} {
		if o.check() == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for text, want := range map[string]string{"a=b=1d": "{a=b 24h0m0s}", "=1h": "", "k": "", "k=": "", "k=x": ""} {
		rule, err := ParseRule(text)
		if (err == nil) != (want != "") || err == nil && fmt.Sprint(rule) != want {
			t.Errorf("%s: %v %v", text, rule, err)
		}
	}
}

func TestStampedDeadlines(t *testing.T) {
	for _, ttl := range []int64{1, 50, 999, 5000, 86_400_000} {
		now := time.Now().UnixMilli()
		it := &item{key: "k", ttl: ttl}
		for pass := range sweep.MaxAgain {
			at := stamped("k", now+ttl, ttl, pass)
			if at > now+ttl || at <= now || now+ttl-at > max(ttl/100, 0) || !it.ours(at, pass, 0) {
				t.Errorf("TTL %d: %d instead of %d", ttl, at, now+ttl)
			}
			if ttl > 100_000 && it.ours(at+moveDrift+1, pass, moveDrift) {
				t.Errorf("TTL %d: another deadline is taken for ours", ttl)
			}
		}
	}
}

func TestClusterFailoverInTheMiddle(t *testing.T) {
	c := rig.RedisCluster(t, 3, 3)
	target := open(t, connect.Options{Addrs: c.Addrs()})
	write(t, target.Client, "k", 6000)
	for _, s := range c.Primaries {
		s.Must(t, "WAIT", "1", "5000")
	}
	died := false
	report := fixBetween(t, target, Options{Rules: []Rule{{"k*", time.Hour}}, Sweep: sweep.Options{Page: 200}}, func(page int, p *sweep.Place) {
		if page != 8 {
			return
		}
		for _, s := range c.Primaries {
			if s.Addr == p.Node.Addr {
				died = true
				s.Kill()
			}
		}
	})
	if !died || report.Total != (Counts{Fixed: 6000}) || len(report.Nodes) != 3 {
		t.Errorf("%+v", report)
	}
	// A new client, because the old one may remember who had the slots.
	if n := without(t, open(t, connect.Options{Addrs: []string{c.Replicas[0].Addr}}).Client, "k", 6000); n != 0 {
		t.Errorf("%d keys have no TTL", n)
	}
}

// Slots that move while nothing runs are found by the state, which remembers who had them.
func TestResumeAfterASlotMoved(t *testing.T) {
	c := rig.RedisCluster(t, 3, 0)
	target := open(t, connect.Options{Addrs: c.Addrs()})
	write(t, target.Client, "k", 3000)
	o := Options{Rules: []Rule{{"*", time.Hour}}, Sweep: sweep.Options{Page: 100, Concurrency: 1, Resume: filepath.Join(t.TempDir(), "state")}}
	f, err := newFixer(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seen []string
	result, err := sweep.Run(ctx, target, &sweeptest.Between{Worker: f, Before: func(page int, p *sweep.Place) {
		if len(seen) == 0 || seen[len(seen)-1] != p.Node.Addr {
			seen = append(seen, p.Node.Addr)
		}
		if len(seen) == 2 {
			cancel()
		}
	}}, f.sweepOptions())
	if err == nil || result.Complete || len(seen) != 2 {
		t.Fatalf("%+v %v", result, err)
	}
	var first *rig.Server
	for _, s := range c.Primaries {
		if s.Addr == seen[0] {
			first = s
		}
	}
	third, tag := other(c, seen), ""
	for i := 0; tag == "" || c.Owner(t, lifetime.Slot(tag)) != third; i++ {
		tag = fmt.Sprintf("{%d}", i)
	}
	write(t, target.Client, tag, 400)
	var keys []string
	for i := range 400 {
		keys = append(keys, fmt.Sprintf("%s%d", tag, i))
	}
	c.BeginMigration(t, lifetime.Slot(tag), third, first)
	c.MoveKeys(t, third, first, keys...)
	c.EndMigration(t, lifetime.Slot(tag), first)
	report, err := Run(t.Context(), target, o)
	if err != nil || !report.Resumed || report.Total != (Counts{Fixed: 3400}) || without(t, target.Client, tag, 400) != 0 {
		t.Errorf("%+v %v", report, err)
	}
}
