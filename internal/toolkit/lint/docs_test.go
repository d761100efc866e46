package lint

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/curfewkv/curfew/ttllint/rule"
)

var top = filepath.Join("..", "..", "..")

func TestThePageExplainsEveryRule(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(top, "docs", "lint.md"))
	if err != nil {
		t.Fatal(err)
	}
	var headings, want []string
	for _, l := range strings.Split(string(page), "\n") {
		if h, ok := strings.CutPrefix(l, "## TTL"); ok {
			headings = append(headings, "TTL"+h)
		}
	}
	for _, r := range rule.All() {
		want = append(want, string(r.Code)+" "+r.Name)
	}
	if !slices.Equal(headings, want) {
		t.Errorf("docs/lint.md has the headings\n%q, and the rules are\n%q", headings, want)
	}
}

func TestThePreCommitHookCanRun(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(top, ".pre-commit-hooks.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var hooks []struct {
		ID, Name, Entry, Language string
		TypesOr                   []string `yaml:"types_or"`
	}
	if err := yaml.Unmarshal(text, &hooks); err != nil {
		t.Fatal(err)
	}
	if len(hooks) != 1 || hooks[0].ID == "" || hooks[0].Language != "golang" || hooks[0].Entry != "curfew ttl lint" || !slices.Contains(hooks[0].TypesOr, "python") {
		t.Errorf("hooks are %+v", hooks)
	}
}
