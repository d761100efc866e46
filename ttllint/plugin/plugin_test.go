package plugin

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis/analysistest"
)

// silent takes what analysistest expects in vain: the settings change what is found.
type silent struct{}

func (silent) Errorf(string, ...any) {}

func linter(t *testing.T, settings any) (register.LinterPlugin, error) {
	t.Helper()
	create, err := register.GetPlugin(Name)
	if err != nil {
		t.Fatal(err)
	}
	return create(settings)
}

func TestSettingsReachTheAnalyzer(t *testing.T) {
	dir, err := filepath.Abs(filepath.Join("..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	count := func(settings any) int {
		l, err := linter(t, settings)
		if err != nil {
			t.Fatal(err)
		}
		if l.GetLoadMode() != register.LoadModeTypesInfo {
			t.Errorf("load mode %q: without types nothing can be found", l.GetLoadMode())
		}
		analyzers, err := l.BuildAnalyzers()
		if err != nil || len(analyzers) != 1 {
			t.Fatalf("%d analyzers: %v", len(analyzers), err)
		}
		n := 0
		for _, r := range analysistest.Run(silent{}, dir, analyzers[0], "./fixes") {
			n += len(r.Diagnostics)
		}
		return n
	}
	all := count(nil)
	if all == 0 {
		t.Fatal("nothing is found without settings")
	}
	// golangci-lint gives what its YAML decoder made: maps and slices of any.
	if n := count(map[string]any{"disable": []any{"set-then-expire"}}); n == 0 || n >= all {
		t.Errorf("%d of %d findings with a rule disabled", n, all)
	}
	if n := count(map[string]any{"durable": []any{"*"}, "disable": []any{"TTL004"}, "default-ttl-hook": true, "tests": true}); n != 0 {
		t.Errorf("%d findings with every key durable", n)
	}
}

func TestWrongSettingsAreRefused(t *testing.T) {
	for want, settings := range map[string]any{
		"TTL099":  map[string]any{"disable": []any{"TTL099"}},
		"durabel": map[string]any{"durabel": []any{"x"}},
	} {
		if _, err := linter(t, settings); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("settings %v: error %v does not name %q", settings, err, want)
		}
	}
}
