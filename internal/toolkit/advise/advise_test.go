package advise

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/prefix"
	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

// leaky is the server of the post-mortem: sessions without a TTL, no eviction, no limit.
func leaky() Facts {
	return Facts{
		Server: Server{
			UsedMemory: 50 << 30, PeakMemory: 50 << 30, SystemMemory: 64 << 30, Policy: "noeviction", Samples: 5,
			Keys: 12_000_000, Expires: 240_000, Fragmentation: 1.1,
		},
		Prefixes: []Prefix{
			{Name: "session:*", Keys: 11_760_000, NoTTL: 1, Bytes: 49 << 30, Sampled: 900, IdleMedian: 9 * 24 * time.Hour, IdleP90: 20 * 24 * time.Hour},
			{Name: "page:*", Keys: 240_000, Sampled: 100, TTLMedian: 2 * time.Minute, TTLP90: 4 * time.Minute, IdleMedian: time.Minute, IdleP90: 2 * time.Minute},
		},
	}
}

func find(t *testing.T, all []Advice, subject string) Advice {
	t.Helper()
	for _, a := range all {
		if a.Subject == subject {
			return a
		}
	}
	t.Fatalf("no advice on %s", subject)
	return Advice{}
}

func TestServerAdvice(t *testing.T) {
	for name, c := range map[string]struct {
		change        func(*Server)
		subject, want string
		why           string
	}{
		"hardly a TTL":       {func(s *Server) {}, "maxmemory-policy", "keep", "2% of 12,000,000"},
		"cache":              {func(s *Server) { s.Expires = s.Keys }, "maxmemory-policy", "allkeys-lru", "100%"},
		"cache, LFU already": {func(s *Server) { s.Expires, s.Policy = s.Keys, "allkeys-lfu" }, "maxmemory-policy", "keep", "allkeys-lru choose from the same keys"},
		"mix":                {func(s *Server) { s.Expires = s.Keys / 2 }, "maxmemory-policy", "volatile-lru", "permanent"},
		"volatile without":   {func(s *Server) { s.Policy = "volatile-lru" }, "maxmemory-policy", "noeviction", "refuses writes after"},
		"refused writes":     {func(s *Server) { s.OOMErrors = 7 }, "maxmemory-policy", "keep", "7 writes were refused"},
		"empty":              {func(s *Server) { s.Keys = 0 }, "maxmemory-policy", "cannot tell", "no keys"},
		"no limit":           {func(s *Server) {}, "maxmemory", "48 GiB", "outgrown"},
		"no limit, room":     {func(s *Server) { s.UsedMemory, s.PeakMemory = 8<<30, 8<<30 }, "maxmemory", "10 GiB", "no limit"},
		"no limit, tiny":     {func(s *Server) { s.UsedMemory, s.PeakMemory = 1<<20, 2<<20 }, "maxmemory", "1.0 GiB", "no limit"},
		"no room left":       {func(s *Server) { s.UsedMemory = 60 << 30 }, "maxmemory", "48 GiB", "evict or refuse writes at once"},
		"too high":           {func(s *Server) { s.MaxMemory = 63 << 30 }, "maxmemory", "48 GiB", "too little"},
		"snapshots":          {func(s *Server) { s.MaxMemory, s.Persistence = 45<<30, true }, "maxmemory", "38 GiB", "copied"},
		"nearly full":        {func(s *Server) { s.MaxMemory, s.UsedMemory = 40<<30, 39<<30 }, "maxmemory", "more memory, or shorter lives", "97.5%"},
		"fragmented":         {func(s *Server) { s.MaxMemory, s.UsedMemory, s.Fragmentation = 40<<30, 30<<30, 1.9 }, "maxmemory", "keep", "activedefrag"},
		"memory refused":     {func(s *Server) { s.UsedMemory = -1 }, "maxmemory", "cannot tell", "refused"},
		"samples idle":       {func(s *Server) {}, "maxmemory-samples", "keep", "nothing was evicted"},
		"samples 5":          {func(s *Server) { s.Evicted, s.Policy, s.Hits, s.Misses = 9, "allkeys-lru", 3, 1 }, "maxmemory-samples", "10", "75% of 4 reads"},
		"samples random":     {func(s *Server) { s.Evicted, s.Policy = 9, "allkeys-random" }, "maxmemory-samples", "keep", ""},
		"samples refused":    {func(s *Server) { s.Samples = 0 }, "maxmemory-samples", "cannot tell", "CONFIG"},
		"curfew":             {func(s *Server) { s.Exact, s.Evicted = true, 9 }, "maxmemory-samples", "keep", "exact"},
	} {
		f := leaky()
		c.change(&f.Server)
		a := find(t, For(f), c.subject)
		if a.Verdict != c.want || !strings.Contains(strings.Join(a.Why, "\n"), c.why) {
			t.Errorf("%s: %s: %s because %q; want %s because %s", name, c.subject, a.Verdict, a.Why, c.want, c.why)
		}
	}
}

func TestSkewedUseAsksForLFU(t *testing.T) {
	f := leaky()
	f.Server.Expires = f.Server.Keys
	f.Prefixes[0].IdleMedian, f.Prefixes[0].IdleP90 = 2*time.Minute, time.Hour
	if a := find(t, For(f), "maxmemory-policy"); a.Verdict != "allkeys-lfu" {
		t.Errorf("%+v", a)
	}
}

func TestPrefixAdvice(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		p         Prefix
		want      string
		why, does string
	}{
		"leak":        {Prefix{Name: "user:*", NoTTL: 1, IdleMedian: 3 * day, IdleP90: 9 * day}, ByTTL, "leak", "--default 24h"},
		"named":       {Prefix{Name: "app:session:*", NoTTL: 1, IdleMedian: time.Hour, IdleP90: 3 * time.Hour}, ByTTL, "short-lived", "--match 'app:session:*' --default 6h"},
		"in use":      {Prefix{Name: "user:*", NoTTL: 1, IdleMedian: time.Minute, IdleP90: time.Hour}, ByBoth, "in use", "--default 168h"},
		"few forgot":  {Prefix{Name: "user:*", NoTTL: .1, TTLMedian: time.Hour, TTLP90: 2 * time.Hour, IdleMedian: time.Minute, IdleP90: time.Hour}, ByTTL, "forgets", "--default 2h"},
		"short":       {Prefix{Name: "price:*", TTLMedian: 30 * time.Second, IdleMedian: time.Second, IdleP90: 9 * time.Second}, ByBoth, "changes often", "Invalidator"},
		"long":        {Prefix{Name: "page:*", TTLMedian: 12 * time.Hour, IdleMedian: time.Minute, IdleP90: 6 * time.Hour}, ByTTL, "end by themselves", ""},
		"too long":    {Prefix{Name: "page:*", TTLMedian: 10 * day, TTLP90: 18 * day, IdleMedian: time.Minute, IdleP90: time.Hour}, ByTTL, "long against use", "about 2 hours"},
		"just made":   {Prefix{Name: "page:*", TTLMedian: 10 * day, TTLP90: 10 * day, IdleMedian: time.Minute, IdleP90: time.Hour}, ByTTL, "end by themselves", ""},
		"lockstep":    {Prefix{Name: "page:*", TTLMedian: time.Hour, Lockstep: .6, IdleMedian: -1, IdleP90: -1}, ByTTL, "within one second", "Jitter"},
		"removed":     {Prefix{Name: "page:*", TTLMedian: time.Hour, Watched: 10 * time.Second, Removed: .05, IdleMedian: -1, IdleP90: -1}, ByBoth, "5% were removed", ""},
		"only by DEL": {Prefix{Name: "user:*", NoTTL: 1, Watched: 10 * time.Second, Removed: .05, IdleMedian: -1, IdleP90: -1}, ByExplicit, "cheap net", "--default 24h"},
		"sliding":     {Prefix{Name: "user:*", TTLMedian: time.Hour, Watched: 10 * time.Second, Renewed: .3, IdleMedian: -1, IdleP90: -1}, ByTTL, "hard cap", "Sessions"},
		"few":         {Prefix{Name: "user:*", Sampled: 29, NoTTL: 1}, "cannot tell", "29 keys", ""},
	} {
		if c.p.Sampled == 0 {
			c.p.Sampled, c.p.Keys = 100, 1000
		}
		a := forPrefix(c.p)
		if a.Verdict != c.want || !strings.Contains(strings.Join(a.Why, "\n"), c.why) || !strings.Contains(strings.Join(a.Do, "\n"), c.does) {
			t.Errorf("%s: %s because %q: %q", name, a.Verdict, a.Why, a.Do)
		}
	}
}

// Names of keys are written by whoever uses the server, and advice is there to be copied into a shell.
func TestNamesOfKeysDoNothing(t *testing.T) {
	for _, name := range []string{"x'; touch gone; ':*", "a\x1b[2J:*", "b\u009b31m:*", "c\n:*", "\xff:*"} {
		a := forPrefix(Prefix{Name: name, Sampled: 100, Keys: 1000, NoTTL: 1, IdleMedian: 48 * time.Hour, IdleP90: 48 * time.Hour})
		var out strings.Builder
		if err := Write(&out, []Advice{a}, 80); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsFunc(out.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) || strings.Contains(out.String(), "c\n:") {
			t.Errorf("%q is written as it is: %q", name, out.String())
		}
		command, _, _ := strings.Cut(a.Do[0], " --default")
		got, err := exec.Command("sh", "-c", strings.Replace(command, "curfew ttl fix --match", "printf %s", 1)).Output()
		if err != nil || string(got) != name {
			t.Errorf("a shell takes %s for %q %v", command, got, err)
		}
	}
}

func TestTheEmptyKeyIsAPrefixToo(t *testing.T) {
	prefixes := []Prefix{{Name: ""}, {Name: "a:*"}}
	setPatterns(prefixes, false)
	looks := make([]Look, fewSampled)
	for i := range looks {
		looks[i] = Look{Key: fmt.Sprintf("a:%d", i)}
	}
	if err := addLooks(prefixes, append(looks, Look{Key: ""}), time.Second); err != nil || prefixes[1].Watched != time.Second {
		t.Errorf("%+v %v", prefixes, err)
	}
}

// A command about user:* must not reach the keys of user:*:profile, which have advice of their own.
func TestCommandsReachTheKeysOfTheirPrefixOnly(t *testing.T) {
	leak := Prefix{Sampled: 100, Keys: 1000, NoTTL: 1, IdleMedian: 48 * time.Hour, IdleP90: 48 * time.Hour}
	named := func(names ...string) (all []Prefix) {
		for _, name := range names {
			p := leak
			p.Name = name
			all = append(all, p)
		}
		return all
	}
	found := named("user:*", "user:*:profile", "a[b]?:*", prefix.Other, "")
	setPatterns(found, false)
	for i, want := range []string{
		"--match 'user:*' --default 24h --jitter 10% --dry-run --exclude 'user:*:profile'", "--match 'user:*:profile' --default 24h --jitter 10% --dry-run",
		`--match 'a\[b]\?:*' --default`, "curfew ttl audit", "curfew ttl audit",
	} {
		got := forPrefix(found[i]).Do[0]
		if !strings.Contains(got, want) || i > 0 && strings.Contains(got, "--exclude") {
			t.Errorf("%s: %s", found[i].Name, got)
		}
	}
	given := named("[ab]:*", "a:*")
	setPatterns(given, true)
	if got := forPrefix(given[0]).Do[0]; !strings.Contains(got, "--match '[ab]:*'") || !strings.Contains(got, "--exclude 'a:*'") {
		t.Error(got)
	}
}

func TestAKeyThatEndedByItselfWasNotRemoved(t *testing.T) {
	// A slow server has the second look long after the first.
	for look, want := range map[Look][2]bool{
		{Before: 20 * time.Second, After: gone, Apart: 30 * time.Second}:             {false, false},
		{Before: 60 * time.Second, After: gone, Apart: 30 * time.Second}:             {true, false},
		{Before: 60 * time.Second, After: 30 * time.Second, Apart: 30 * time.Second}: {false, false},
		{Before: 60 * time.Second, After: 59 * time.Second, Apart: 30 * time.Second}: {false, true},
		{Before: forEver, After: gone, Apart: time.Second}:                           {true, false},
		{Before: forEver, After: time.Minute, Apart: time.Second}:                    {false, false},
	} {
		if removed, renewed := look.Fate(); removed != want[0] || renewed != want[1] {
			t.Errorf("%+v: removed %v, renewed %v", look, removed, renewed)
		}
	}
}

func TestObserveSeesWhatHappens(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...string) *rig.Server{"redis": rig.Redis, "curfew": rig.Curfew} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			for _, command := range []string{"SET kept 1", "SET aged 1 EX 1000", "SET removed 1", "SET renewed 1 EX 1000", "SET cut 1 EX 1000"} {
				s.Must(t, strings.Fields(command)...)
			}
			target, err := connect.Open(t.Context(), connect.Options{Addrs: []string{s.Addr}})
			if err != nil {
				t.Fatal(err)
			}
			defer target.Close()
			spaces, err := target.Keyspaces(t.Context(), true)
			if err != nil {
				t.Fatal(err)
			}
			looks, err := draw(t.Context(), spaces[0], 100)
			if err != nil || len(looks) != 5 {
				t.Fatalf("%d keys: %v", len(looks), err)
			}
			for _, command := range []string{"DEL removed", "DEL cut", "EXPIRE renewed 2000"} {
				s.Must(t, strings.Fields(command)...)
			}
			after, err := remaining(t.Context(), spaces[0].Client, looks)
			if err != nil {
				t.Fatal(err)
			}
			for i, look := range looks {
				look.After = after[i]
				removed, renewed := look.Fate()
				if removed != (look.Key == "removed" || look.Key == "cut") || renewed != (look.Key == "renewed") {
					t.Errorf("%+v: removed %v, renewed %v", look, removed, renewed)
				}
			}
		})
	}
}

func TestLockstep(t *testing.T) {
	if got := Lockstep([]time.Duration{1500, 1 * time.Second, 1900 * time.Millisecond, 5 * time.Second}); got != .5 {
		t.Error(got)
	}
	if Lockstep(nil) != 0 {
		t.Error("of nothing")
	}
}

func TestServersReadsWhatIsAllowed(t *testing.T) {
	for name, c := range map[string]struct {
		s       *rig.Server
		samples int
		exact   bool
	}{
		"redis":      {rig.Redis(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"), 5, false},
		"restricted": {rig.Redis(t, append([]string{"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"}, rig.Restricted...)...), 0, false},
		"curfew":     {rig.Curfew(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"), 5, true},
	} {
		c.s.Must(t, "SET", "a", "1", "EX", "100")
		c.s.Must(t, "SET", "b", "1")
		c.s.Must(t, "GET", "b")
		target, err := connect.Open(t.Context(), connect.Options{Addrs: []string{c.s.Addr}})
		if err != nil {
			t.Fatal(err)
		}
		defer target.Close()
		s, err := Servers(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		if s.Samples != c.samples || s.Exact != c.exact || s.Keys != 2 || s.Expires != 1 || s.MaxMemory != 100<<20 ||
			s.Policy != "allkeys-lru" || s.Hits != 1 || s.UsedMemory <= 0 || s.SystemMemory <= 0 || s.Persistence {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// Keys of a slot on its way are not there for the node that they were drawn from.
func TestObserveLeavesOutKeysThatMoved(t *testing.T) {
	c := rig.RedisCluster(t, 2, 0)
	from, to := c.Owner(t, lifetime.Slot("{x}")), c.Primaries[0]
	if from == to {
		to = c.Primaries[1]
	}
	from.Must(t, "SET", "{x}:1", "v")
	from.Must(t, "SET", "{x}:2", "v")
	target, err := connect.Open(t.Context(), connect.Options{Addrs: c.Addrs()})
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	c.BeginMigration(t, lifetime.Slot("{x}"), from, to)
	c.MoveKeys(t, from, to, "{x}:2")
	spaces, err := target.Keyspaces(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range spaces {
		ttls, err := remaining(t.Context(), k.Client, []Look{{Key: "{x}:1"}, {Key: "{x}:2"}})
		if err != nil {
			t.Fatal(err)
		}
		if there := k.Node.Addr == from.Addr; there && (ttls[0] != forEver || ttls[1] != elsewhere) {
			t.Errorf("%s: %v", k.Name(), ttls)
		}
	}
	if removed, renewed := (Look{Before: time.Second, After: elsewhere, Apart: 10 * time.Second}).Fate(); removed || renewed {
		t.Error("a key that was moved counts")
	}
}

func TestServersAddsPrimariesUp(t *testing.T) {
	c := rig.RedisCluster(t, 2, 0)
	c.Owner(t, 3300).Must(t, "SET", "b", strings.Repeat("x", 1<<20))
	c.Owner(t, 15495).Must(t, "SET", "a", "1", "EX", "100")
	target, err := connect.Open(t.Context(), connect.Options{Addrs: c.Addrs()})
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	s, err := Servers(t.Context(), target)
	if err != nil || s.Keys != 2 || s.Expires != 1 || s.Addr != c.Owner(t, 3300).Addr {
		t.Errorf("%+v %v", s, err)
	}
}
