package release

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// oldest is the go line of a program that imports.
const oldest = "1.25.0"

var goredis = []string{
	"github.com/cespare/xxhash/v2", "github.com/redis/go-redis/v9", "go.uber.org/atomic", "golang.org/x/sys",
}

// Who imports a package requires what it is made of, with the oldest Go, and downloads in addition only what its tests need.
func TestImportersResolveNoMoreThanTheyNeed(t *testing.T) {
	p := release(t)
	for _, c := range []struct {
		pkg    string
		needs  []string // modules that code comes from, the imported one apart
		tests  []string // more modules, of which tests are made, in its go.sum
		absent []string // what must be neither
	}{
		{
			"lifetime", slices.Clone(goredis),
			[]string{home + "/test/rig", "go.uber.org/goleak", "pgregory.net/rapid"},
			[]string{home, home + "/resp", "github.com/prometheus/client_golang", "go.opentelemetry.io/otel", "golang.org/x/tools", "github.com/spf13/cobra"},
		},
		{
			"lifetime/lifetimeprom", nil, []string{"github.com/prometheus/client_golang"},
			[]string{home, "go.opentelemetry.io/otel", "golang.org/x/tools", "github.com/spf13/cobra"},
		},
		{
			"lifetime/lifetimeotel", nil, []string{"go.opentelemetry.io/otel"},
			[]string{home, "github.com/prometheus/client_golang", "golang.org/x/tools", "github.com/spf13/cobra"},
		},
		{"resp", []string{}, nil, []string{home, "github.com/redis/go-redis/v9", "golang.org/x/sys"}},
		{
			"ttllint", []string{home + "/resp", "golang.org/x/tools"}, []string{"pgregory.net/rapid"},
			[]string{home, home + "/lifetime", "github.com/redis/go-redis/v9", "github.com/prometheus/client_golang"},
		},
	} {
		t.Run(c.pkg, func(t *testing.T) {
			dir, path := t.TempDir(), home+"/"+c.pkg
			write(t, dir, "go.mod", "module example.com/shop\n\ngo "+oldest+"\n")
			write(t, dir, "shop.go", fmt.Sprintf("package main\n\nimport _ %q\n\nfunc main() {}\n", path))
			p.run(t, dir, nil, "mod", "tidy")
			p.run(t, dir, nil, "build", "-o", os.DevNull, ".")
			mod, err := modfile.Parse("go.mod", []byte(read(t, dir, "go.mod")), nil)
			if err != nil {
				t.Fatal(err)
			}
			if mod.Go.Version != oldest {
				t.Errorf("the importer needs Go %s", mod.Go.Version)
			}
			sums := map[string]bool{}
			for line := range strings.Lines(read(t, dir, "go.sum")) {
				if f := strings.Fields(line); !strings.HasSuffix(f[1], "/go.mod") {
					sums[f[0]] = true
				}
			}
			t.Logf("go.sum has %d modules in %d lines", len(sums), strings.Count(read(t, dir, "go.sum"), "\n"))
			if c.needs != nil {
				var needs []string
				for _, r := range mod.Require {
					if r.Mod.Path != path {
						needs = append(needs, r.Mod.Path)
					}
				}
				slices.Sort(needs)
				slices.Sort(c.needs)
				if !slices.Equal(needs, c.needs) {
					t.Errorf("an importer requires %v, want %v", needs, c.needs)
				}
			}
			for _, m := range slices.Concat(c.needs, c.tests) {
				if !sums[m] {
					t.Errorf("%s is not in go.sum: is it not needed any more?", m)
				}
			}
			graph := p.run(t, dir, nil, "mod", "graph")
			for _, m := range c.absent {
				if sums[m] || strings.Contains(graph, " "+m+"@") {
					t.Errorf("%s is resolved", m)
				}
			}
		})
	}
}

// Programs are installed by their name and version. That builds with the modules of the release, and no replaced ones.
func TestProgramsCanBeInstalled(t *testing.T) {
	p, bin := release(t), t.TempDir()
	for program, arg := range map[string]string{"cmd/curfew": "help", "ttllint/cmd/ttllint": "-flags"} {
		p.run(t, bin, []string{"GOBIN=" + bin}, "install", home+"/"+program+"@"+p.version)
		out, err := exec.Command(filepath.Join(bin, filepath.Base(program)), arg).CombinedOutput()
		if err != nil || len(out) == 0 {
			t.Errorf("%s %s: %v\n%s", program, arg, err, out)
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
