package reading

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/test/rig"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	r := Parse("# Memory\r\nused_memory:10\r\nmaxmemory_human:0B\r\nused_memory_peak_perc:12.50%\r\naof_last_write_status:err\r\n" +
		"# Stats\r\nexpired_keys:\r\n# Commandstats\r\ncmdstat_config|get:calls=2,usec=1500,usec_per_call=3.00,rejected_calls=0\r\n" +
		"# Errorstats\r\nerrorstat_OOM:count=7\r\nerrorstat_ERR:count=x\r\n" +
		"# Keyspace\r\ndb3:keys=5,expires=1,avg_ttl=2500,subexpiry=0\r\ndb0:keys=1,expires=0,avg_ttl=0\r\ndbx:keys=1\r\n")
	if n, ok := r.Number("used_memory"); !ok || n != 10 {
		t.Error("used_memory")
	}
	if n, ok := r.Number("used_memory_peak_perc"); !ok || n != 12.5 {
		t.Error("a percentage")
	}
	if n, ok := r.Number("aof_last_write_status"); !ok || n != 0 {
		t.Error("a status")
	}
	for _, not := range []string{"maxmemory_human", "expired_keys", "none"} {
		if n, ok := r.Number(not); ok {
			t.Errorf("%s is the number %v", not, n)
		}
	}
	if keys, noTTL := r.Keys(); keys != 6 || noTTL != 5 || len(r.Databases) != 2 || r.Databases[1].AvgTTL != 2500*time.Millisecond {
		t.Errorf("%+v", r.Databases)
	}
	if len(r.Commands) != 1 || r.Commands[0] != (Command{"config|get", 2, 1500 * time.Microsecond}) {
		t.Errorf("%+v", r.Commands)
	}
	kinds, ok := r.WriteFailures()
	if !ok || len(kinds) != len(FailedWrites) || kinds[0] != (Count{"OOM", 7}) || kinds[1].N != 0 {
		t.Errorf("%v %v", kinds, ok)
	}
	if _, ok := Parse("# Stats\r\na:1\r\n").WriteFailures(); ok {
		t.Error("a server that does not count errors had none")
	}
	if kinds, ok := Parse("# Errorstats\r\n").WriteFailures(); !ok || kinds[0].N != 0 {
		t.Error("a server without errors has no zero")
	}
	var many strings.Builder
	for i := range 500 {
		fmt.Fprintf(&many, "errorstat_E%d:count=%d\r\n", i, i)
	}
	if r := Parse(many.String()); len(r.Errors) != maxErrors || r.Errors[0].N != 499 {
		t.Errorf("%d kinds of error, the first %v", len(r.Errors), r.Errors[0])
	}
}

func FuzzParse(f *testing.F) {
	f.Add("# Keyspace\r\ndb0:keys=5,expires=9\r\nerrorstat_A:count=1\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		r := Parse(text)
		for _, d := range r.Databases {
			if d.NoTTL() < 0 {
				t.Errorf("%+v", d)
			}
		}
		for name := range r.Fields {
			r.Number(name)
		}
	})
}

// start runs a source until the test ends, and waits until it found its nodes.
func start(t *testing.T, o connect.Options) *Source {
	t.Helper()
	source := NewSource(SourceOptions{Connect: o})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { source.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	rig.Eventually(t, "the source has a target", func() bool { return source.Target() != nil })
	return source
}

// A walk over a primary leaves a wake in which Redis's expire cycle gets stuck: it must not be walked.
func TestALargePrimaryIsNotWalked(t *testing.T) {
	for name, launch := range map[string]func() *rig.Server{
		"redis":                   func() *rig.Server { return rig.Redis(t) },
		"redis without RANDOMKEY": func() *rig.Server { return rig.Redis(t, "--rename-command", "RANDOMKEY", "") },
		"curfew":                  func() *rig.Server { return rig.Curfew(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s := launch()
			s.Fill(t, "k:", 5000)
			source := start(t, connect.Options{Addrs: []string{s.Addr}})
			sampler, err := NewSampler(SamplerOptions{Size: 500, Rate: 1e6})
			if err != nil {
				t.Fatal(err)
			}
			spaces, err := source.Target().Keyspaces(t.Context(), true)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			for range 20 {
				p := portion{sampler: sampler, space: spaces[0], quota: 500, found: map[string]struct{}{}}
				if err := p.take(t.Context()); err != nil {
					t.Fatal(err)
				}
				if p.cursor != 0 || p.complete || p.looked < 500 {
					t.Fatalf("looked at %d keys, the cursor is %d", p.looked, p.cursor)
				}
				for key := range p.found {
					seen[key] = true
				}
			}
			// 10,000 draws: a walk would have seen all 5,000, twice; at random a share of exp(-2) is not seen, 677.
			if missed := 5000 - len(seen); missed < 400 || missed > 950 {
				t.Errorf("%d keys were not seen", missed)
			}
			if _, err := sampler.take(t.Context(), source.Target()); err != nil || len(sampler.cursors) != 0 {
				t.Errorf("cursors %v, %v", sampler.cursors, err)
			}
		})
	}
}

func TestASampleOfAPartIsScaledToTheWhole(t *testing.T) {
	s := rig.Redis(t)
	s.Fill(t, "session:", 30_000)
	s.Fill(t, "cart:", 10_000)
	s.Fill(t, "page:", 40_000, "EX", "1000")
	source := start(t, connect.Options{Addrs: []string{s.Addr}, AllDBs: true})
	sampler, err := NewSampler(SamplerOptions{Size: 8000, Rate: 1e6})
	if err != nil {
		t.Fatal(err)
	}
	for range 12 { // more than once around
		sample, err := sampler.take(t.Context(), source.Target())
		if err != nil {
			t.Fatal(err)
		}
		if sample.Complete || sample.Keys < 8000 || sample.Keys > 9000 || len(sample.Prefixes) != 2 {
			t.Fatalf("%+v", sample)
		}
		a, b := sample.Prefixes[0], sample.Prefixes[1]
		if sum := a.NoTTL + b.NoTTL; sum < 39_999 || sum > 40_001 {
			t.Errorf("the prefixes have %v keys without TTL, INFO counts 40,000", sum)
		}
		// 4,000 of the sample have no TTL: a standard deviation of the share is 0.7%; this is six of them.
		if a.Pattern != "session:*" || b.Pattern != "cart:*" || a.NoTTL < 28_400 || a.NoTTL > 31_600 {
			t.Errorf("%+v", sample.Prefixes)
		}
	}
}

// On a replica every key gets its turn.
func TestASampleGoesOnWhereTheLastOneEnded(t *testing.T) {
	s := rig.Redis(t)
	s.Fill(t, "k:", 5000)
	r := rig.Redis(t, "--replicaof", strings.Replace(s.Addr, ":", " ", 1))
	source := start(t, connect.Options{Addrs: []string{s.Addr}})
	state := filepath.Join(t.TempDir(), "state.json")
	var space connect.Keyspace
	rig.Eventually(t, "the replica is found", func() bool {
		spaces, err := source.Target().Keyspaces(t.Context(), true)
		if err != nil || spaces[0].Node.Addr != r.Addr {
			return false
		}
		space = spaces[0]
		return space.Keys == 5000
	})
	seen := map[string]bool{}
	for range 40 { // each time a new process, as it were
		sampler, err := NewSampler(SamplerOptions{Size: 200, Rate: 1e6, State: state})
		if err != nil {
			t.Fatal(err)
		}
		p := portion{sampler: sampler, space: space, quota: 200, cursor: sampler.cursors[space.ID()], found: map[string]struct{}{}}
		if err := p.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		for key := range p.found {
			seen[key] = true
		}
		if _, err := sampler.take(t.Context(), source.Target()); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 5000 {
		t.Errorf("%d of 5000 keys got their turn", len(seen))
	}
	if err := os.WriteFile(state, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewSampler(SamplerOptions{State: state}); err == nil {
		t.Error("a broken state was taken")
	}
	if err := os.WriteFile(state, []byte(`{"version":2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewSampler(SamplerOptions{State: state}); err == nil {
		t.Error("a newer state was taken")
	}
}

func TestSamplesOfAClusterAndOfDatabases(t *testing.T) {
	c := rig.RedisCluster(t, 3, 0)
	source := start(t, connect.Options{Addrs: c.Addrs()[:1], AllDBs: true})
	for i := range 600 {
		if err := source.Target().Client.Set(t.Context(), fmt.Sprint("user:", i), "x", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	sampler, err := NewSampler(SamplerOptions{Rate: 1e6})
	if err != nil {
		t.Fatal(err)
	}
	sample, err := sampler.take(t.Context(), source.Target())
	if err != nil || !sample.Complete || len(sample.Prefixes) != 1 || sample.Prefixes[0] != (Prefix{"user:*", 600}) {
		t.Errorf("%+v %v", sample, err)
	}
	readings := source.Read(t.Context())
	sum := int64(0)
	for _, r := range readings {
		keys, _ := r.Keys()
		sum += keys
	}
	if len(readings) != 3 || sum != 600 {
		t.Errorf("%d nodes with %d keys", len(readings), sum)
	}
	empty := start(t, connect.Options{Addrs: []string{rig.Curfew(t).Addr}, AllDBs: true})
	if sample, err := sampler.take(t.Context(), empty.Target()); err != nil || len(sample.Prefixes) != 0 || !sample.Complete {
		t.Errorf("of an empty server: %+v %v", sample, err)
	}
}

func TestASamplerOutlivesItsServer(t *testing.T) {
	s := rig.Redis(t)
	s.Fill(t, "k:", 10)
	source := start(t, connect.Options{Addrs: []string{s.Addr}, Timeout: time.Second})
	sampler, err := NewSampler(SamplerOptions{Rate: 1e6, Every: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { sampler.Run(ctx, source) })
	defer wg.Wait()
	defer cancel()
	rig.Eventually(t, "there is a sample", func() bool { return !sampler.Sample().At.IsZero() })
	s.Kill()
	rig.Eventually(t, "errors are counted, and the sample stays", func() bool {
		sample := sampler.Sample()
		return sample.Errors > 0 && sample.Err != nil && len(sample.Prefixes) == 1 && sample.Age(time.Now()) > 0
	})
}
