package lint

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/curfewkv/curfew/ttllint"
)

const (
	writesWithoutTTL = `package hooked

import (
	"context"

	"github.com/redis/go-redis/v9"
)

func write(ctx context.Context, rdb *redis.Client) { rdb.Set(ctx, "a", 1, 0); rdb.HSet(ctx, "b", "f", 1); rdb.Keys(ctx, "*") }
`
	installs = `package hooked

import (
	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
)

func install(rdb *redis.Client, p *lifetime.Policy) { rdb.AddHook(lifetime.WithDefaultTTL(p)) }
`
)

// A package of this module that exists in memory only. It is here because the module of ttllint does without lifetime.
func TestTheHookOfLifetimeIsSeen(t *testing.T) {
	count := func(files map[string]string) int {
		dir, err := filepath.Abs("hooked")
		if err != nil {
			t.Fatal(err)
		}
		overlay := map[string][]byte{}
		for name, text := range files {
			overlay[filepath.Join(dir, name)] = []byte(text)
		}
		loaded, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax, Overlay: overlay}, "./hooked")
		if err != nil || len(loaded) != 1 || len(loaded[0].Errors) > 0 {
			t.Fatalf("%v: %v", err, loaded[0].Errors)
		}
		graph, err := checker.Analyze([]*analysis.Analyzer{ttllint.New(ttllint.Settings{})}, loaded, nil)
		if err != nil || graph.Roots[0].Err != nil {
			t.Fatalf("%v, %v", err, graph.Roots[0].Err)
		}
		return len(graph.Roots[0].Diagnostics)
	}
	if n := count(map[string]string{"a.go": writesWithoutTTL}); n != 3 {
		t.Errorf("%d findings without the hook", n)
	}
	if n := count(map[string]string{"a.go": writesWithoutTTL, "b.go": installs}); n != 1 {
		t.Errorf("%d findings with the hook; only KEYS is left", n)
	}
	govern := strings.Replace(installs, "rdb.AddHook(lifetime.WithDefaultTTL(p))", "lifetime.Govern(rdb, p)", 1)
	if n := count(map[string]string{"a.go": writesWithoutTTL, "b.go": govern}); n != 1 {
		t.Errorf("%d findings with Govern; only KEYS is left", n)
	}
}
