package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/walk"
	"github.com/curfewkv/curfew/test/rig"
)

// checkFilled holds for every audit of what fill has written, whatever it is read from.
func checkFilled(t *testing.T, r *Report) {
	t.Helper()
	if r.Total.Keys != exactly(1400) || r.Total.NoTTL != exactly(400) || !r.Complete {
		t.Errorf("%d keys, %+v: %+v", r.Looked, r.Total, r.Notes)
	}
	for pattern, keys := range map[string]float64{"session:*": 1000, "user:*:profile": 300, "{cart:*}:items": 100} {
		if row := rowOf(t, r, pattern); row.Keys != exactly(keys) {
			t.Errorf("%s: %+v", pattern, row.Keys)
		}
	}
}

func TestReplicasAreLookedAt(t *testing.T) {
	s := rig.Redis(t)
	rig.Redis(t, "--replicaof", strings.Replace(s.Addr, ":", " ", 1))
	target := open(t, connect.Options{Addrs: []string{s.Addr}})
	fill(t, target)
	rig.Eventually(t, "the replica has all", func() bool {
		spaces, err := target.Keyspaces(t.Context(), true)
		return err == nil && spaces[0].Node.Replica && spaces[0].Keys == 1400
	})
	before := commandsOf(t, s)
	r := run(t, target, Options{})
	checkFilled(t, r)
	if !r.Keyspaces[0].Replica {
		t.Errorf("%+v", r.Keyspaces)
	}
	if after := commandsOf(t, s); after["pttl"] != before["pttl"] || after["scan"] != before["scan"] {
		t.Errorf("the primary was asked about keys: %v", after)
	}
	if r := run(t, target, Options{NoReplicas: true}); r.Keyspaces[0].Replica {
		t.Errorf("--no-replicas: %+v", r.Keyspaces)
	}
}

// commandsOf is how often each command was called.
func commandsOf(t *testing.T, s *rig.Server) map[string]string {
	t.Helper()
	calls := map[string]string{}
	for name, value := range connect.Fields(s.Must(t, "INFO", "commandstats").Text) {
		count, _, _ := strings.Cut(value, ",")
		calls[strings.TrimPrefix(name, "cmdstat_")] = count
	}
	return calls
}

func TestClusterWithASlotOnItsWay(t *testing.T) {
	for replicas, name := range map[int]string{0: "primaries", 3: "replicas"} {
		t.Run(name, func(t *testing.T) {
			c := rig.RedisCluster(t, 3, replicas)
			target := open(t, connect.Options{Addrs: c.Addrs()})
			fill(t, target)
			slot, err := strconv.Atoi(fmt.Sprint(target.Client.ClusterKeySlot(t.Context(), "moving").Val()))
			if err != nil {
				t.Fatal(err)
			}
			var moving []string
			for i := range 40 {
				key := fmt.Sprintf("{moving}:%d", i)
				moving = append(moving, key)
				if err := target.Client.Set(t.Context(), key, "x", 0).Err(); err != nil {
					t.Fatal(err)
				}
			}
			from := c.Owner(t, slot)
			to := c.Primaries[(slices.Index(c.Primaries, from)+1)%3]
			c.BeginMigration(t, slot, from, to)
			c.MoveKeys(t, from, to, moving[:25]...)
			rig.Eventually(t, "the nodes that are read have all keys", func() bool {
				spaces, err := target.Keyspaces(t.Context(), true)
				keys := int64(0)
				for _, k := range spaces {
					keys += k.Keys
				}
				return err == nil && len(spaces) == 3 && keys == 1440 && spaces[0].Node.Replica == (replicas > 0)
			})
			for what, o := range map[string]Options{"whole": {}, "exact": {Exact: true}} {
				r := run(t, target, o)
				if r.Total.Keys != exactly(1440) || rowOf(t, r, "{moving}:*").Keys != exactly(40) || len(r.Keyspaces) != 3 || len(r.Servers) != 3 {
					t.Errorf("%s: %+v %+v, vanished %d", what, r.Total, r.Prefixes, r.Vanished)
				}
			}
			r := run(t, target, Options{Samples: 400, Asked: []string{"{moving}:*"}})
			if r.Looked < 600 || r.Total.Keys != exactly(1440) || r.Total.NoTTL != exactly(440) {
				t.Errorf("a sample: %d keys of %+v", r.Looked, r.Total)
			}
			if e := r.Asked[0].Keys; e.Value == 0 || e.Value > 120 {
				t.Errorf("40 keys of a slot on its way are estimated as %+v", e)
			}
		})
	}
}

func TestRestrictedServers(t *testing.T) {
	s := rig.RedisTLS(t, rig.Restricted...)
	fill(t, open(t, connect.Options{Addrs: []string{s.Addr}}))
	for name, c := range map[string]struct {
		rules []string
		bytes bool
		idle  bool
		notes []string
	}{
		"renamed commands only":  {[]string{"+@all"}, true, true, nil},
		"no INFO":                {[]string{"+@read", "+@connection", "-@dangerous"}, true, true, nil},
		"no MEMORY":              {[]string{"+@all", "-memory"}, false, true, []string{"no bytes column"}},
		"no OBJECT":              {[]string{"+@all", "-object"}, true, false, []string{"no idle time column"}},
		"no TYPE":                {[]string{"+@all", "-type"}, true, true, []string{"no type column"}},
		"no more than is needed": {[]string{"+info", "+pttl", "+scan", "+hello", "+ping", "+client|setname"}, false, false, []string{"no bytes column", "no idle time column", "no type column"}},
	} {
		t.Run(name, func(t *testing.T) {
			s.Must(t, append([]string{"ACL", "SETUSER", "auditor", "reset", "on", ">secret", "~*"}, c.rules...)...)
			target := open(t, connect.Options{URL: "rediss://auditor:secret@" + s.TLSAddr, CACert: s.CACert, Cert: s.Cert, Key: s.Key})
			for _, o := range []Options{{}, {Exact: true}} {
				r := run(t, target, o)
				checkFilled(t, r)
				if r.HasBytes != c.bytes || r.HasIdle != c.idle {
					t.Errorf("bytes %v, idle %v: %q", r.HasBytes, r.HasIdle, r.Notes)
				}
				if len(r.Notes) < len(c.notes) {
					t.Errorf("notes %q", r.Notes)
				}
				for _, note := range c.notes {
					if !slices.ContainsFunc(r.Notes, func(n string) bool { return strings.HasPrefix(n, note) }) {
						t.Errorf("no note %q among %q", note, r.Notes)
					}
				}
			}
			r := run(t, target, Options{Samples: 300})
			if r.Looked < 300 || r.Looked > 400 || r.Total.Keys.Value != 1400 {
				t.Errorf("a sample of %d keys: %+v", r.Looked, r.Total)
			}
		})
	}
	t.Run("no PTTL", func(t *testing.T) {
		s.Must(t, "ACL", "SETUSER", "auditor", "reset", "on", ">secret", "~*", "+@all", "-pttl")
		target := open(t, connect.Options{URL: "redis://auditor:secret@" + s.Addr})
		if _, err := Run(t.Context(), target, Options{}); err == nil || !strings.Contains(err.Error(), "PTTL") {
			t.Errorf("%v", err)
		}
	})
	t.Run("no counts", func(t *testing.T) {
		s.Must(t, "ACL", "SETUSER", "auditor", "reset", "on", ">secret", "~*", "+@all", "-info", "-dbsize")
		target := open(t, connect.Options{URL: "redis://auditor:secret@" + s.Addr})
		if _, err := Run(t.Context(), target, Options{}); err == nil || !strings.Contains(err.Error(), "--exact") {
			t.Errorf("%v", err)
		}
		checkFilled(t, run(t, target, Options{Exact: true}))
	})
}

func TestFrequenciesUnderLFU(t *testing.T) {
	s := rig.Redis(t, "--maxmemory-policy", "volatile-lfu", "--maxmemory", "100mb")
	target := open(t, connect.Options{Addrs: []string{s.Addr}})
	fill(t, target)
	r := run(t, target, Options{})
	checkFilled(t, r)
	if !r.HasFreq || r.HasIdle || r.Total.FreqMedian == nil || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "LFU") {
		t.Errorf("%v %v %q", r.HasFreq, r.HasIdle, r.Notes)
	}
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "volatile-lfu never evicts keys without a TTL, which 400 of 1,400 keys are") {
		t.Errorf("%q", r.Warnings)
	}
}

// What looks at keys must neither keep them from being evicted nor make them look idle for less than they are.
func TestKeysDoNotLookUsedAfterwards(t *testing.T) {
	s := rig.Redis(t)
	target := open(t, connect.Options{Addrs: []string{s.Addr}})
	fill(t, target)
	rig.Eventually(t, "the key has been idle", func() bool { return s.Must(t, "OBJECT", "IDLETIME", "session:1").Text != "0" })
	run(t, target, Options{Exact: true})
	run(t, target, Options{})
	if s.Must(t, "OBJECT", "IDLETIME", "session:1").Text == "0" {
		t.Error("the key looks used after the audit")
	}
}

func TestAllDatabasesAndEmptyOnes(t *testing.T) {
	s := rig.Redis(t)
	fill(t, open(t, connect.Options{Addrs: []string{s.Addr}, DB: 3}))
	r := run(t, open(t, connect.Options{Addrs: []string{s.Addr}, AllDBs: true}), Options{})
	checkFilled(t, r)
	if r.Keyspaces[0].DB != 3 {
		t.Errorf("%+v", r.Keyspaces)
	}
	for _, o := range []Options{{}, {Exact: true}} {
		empty := run(t, open(t, connect.Options{Addrs: []string{s.Addr}}), o)
		if empty.Total.Keys != exactly(0) || len(empty.Prefixes) != 0 || !empty.Complete {
			t.Errorf("%+v", empty)
		}
	}
}

func TestAFileSaysTheSameAsItsServer(t *testing.T) {
	s := rig.Redis(t)
	target := open(t, connect.Options{Addrs: []string{s.Addr}})
	fill(t, target)
	dir := s.Must(t, "CONFIG", "GET", "dir").Items[1].Text
	s.Must(t, "SAVE")
	file := filepath.Join(dir, "dump.rdb")
	r, err := RunRDB(t.Context(), file, Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkFilled(t, r)
	live := run(t, target, Options{Exact: true})
	if a, b := r.Total.Bytes.Value, live.Total.Bytes.Value; a < 0.9*b || a > 1.1*b {
		t.Errorf("%g bytes by the file, %g by the server", a, b)
	}
	if k := r.Keyspaces[0]; k.Keys != 1400 || k.Expires != 1000 || k.NoTTL != 400 || k.AvgTTL < 1_700_000 {
		t.Errorf("%+v", k)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for what, content := range map[string][]byte{"cut": text[:len(text)/2], "empty": nil, "something else": []byte("hello, world, I am no snapshot")} {
		bad := filepath.Join(t.TempDir(), "bad.rdb")
		if err := os.WriteFile(bad, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := RunRDB(t.Context(), bad, Options{}); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("a file that is %s: %v", what, err)
		}
	}
	if _, err := RunRDB(t.Context(), filepath.Join(dir, "none"), Options{}); err == nil {
		t.Error("a file that is not there")
	}
}

func TestSentinelsReplica(t *testing.T) {
	w := rig.RedisSentinel(t, 1)
	target := open(t, connect.Options{Addrs: w.Addrs(), SentinelMaster: w.Master})
	fill(t, target)
	rig.Eventually(t, "the replica has all", func() bool {
		spaces, err := target.Keyspaces(t.Context(), true)
		return err == nil && spaces[0].Node.Replica && spaces[0].Keys == 1400
	})
	r := run(t, target, Options{})
	checkFilled(t, r)
	if r.Mode != "sentinel" || !r.Keyspaces[0].Replica || len(r.Servers) != 1 {
		t.Errorf("%s: %+v %+v", r.Mode, r.Keyspaces, r.Servers)
	}
}

// noRandomKey refuses RANDOMKEY as a managed service does.
type noRandomKey struct{}

func (noRandomKey) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (noRandomKey) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (noRandomKey) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[0].Name() != "randomkey" {
			return next(ctx, cmds)
		}
		err := errors.New("NOPERM this user has no permissions to run the 'randomkey' command")
		for _, cmd := range cmds {
			cmd.SetErr(err)
		}
		return err
	}
}

// Where RANDOMKEY is refused, any number does as a cursor; and where that is not so, it is said.
func TestDrawingAtRandomCursors(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...string) *rig.Server{"redis": rig.Redis, "curfew": rig.Curfew} {
		t.Run(name, func(t *testing.T) {
			target := open(t, connect.Options{Addrs: []string{start(t).Addr}})
			fill(t, target)
			target.Client.AddHook(noRandomKey{})
			spaces, err := target.Keyspaces(t.Context(), false)
			if err != nil {
				t.Fatal(err)
			}
			s := &sampler{
				space: &spaces[0], pace: walk.NewPace(0),
				details: &details{client: spaces[0].Client, columns: &columns{}, elements: 5},
			}
			records, err := s.draw(t.Context(), 500)
			if err != nil {
				t.Fatal(err)
			}
			if name == "curfew" { // its cursors are others
				if notes := s.details.columns.notes; len(records) < 250 && (len(notes) != 2 || !strings.Contains(notes[1], "--exact")) {
					t.Errorf("%d keys, and the notes %q", len(records), notes)
				}
				return
			}
			if len(records) < 500 || len(records) > 700 {
				t.Fatalf("%d keys", len(records))
			}
			without := 0
			for _, r := range records {
				if r.TTL == NoTTL {
					without++
				}
			}
			// 400 of 1400 are 28.6%; the standard deviation is 1.6 points.
			if share := float64(without) / float64(len(records)); share < 0.2 || share > 0.37 {
				t.Errorf("%.1f%% of the keys drawn have no TTL", 100*share)
			}
		})
	}
}
