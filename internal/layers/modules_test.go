package layers

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// imported is the oldest Go that a program needs which imports packages of this repository: the go line of all modules
// but that of the server, which takes the newest.
const imported = "1.25.0"

const goredis = "github.com/redis/go-redis/v9"

// modules are those of the repository, by folder, with what each may require: a module's requirements are resolved by
// everybody who imports any package of it, so what only some need is a module of its own.
var modules = map[string]struct {
	oldest  string
	code    []string // what its code may import from other modules; nil: nothing
	tests   []string // and its tests: who imports the module downloads these too, to write go.sum
	allowed string   // why that is all; "" of the server: what it takes is its own affair
}{
	".": {oldest: "1.26.0"},
	"lifetime": {
		imported, []string{goredis},
		[]string{module + "test/rig", "go.uber.org/goleak", "pgregory.net/rapid"}, "lifetime is for any program with go-redis",
	},
	"lifetime/lifetimeotel": {
		imported, []string{module + "lifetime", "go.opentelemetry.io/otel", "go.opentelemetry.io/otel/metric", "go.opentelemetry.io/otel/trace"},
		[]string{"go.opentelemetry.io/otel/sdk", "go.opentelemetry.io/otel/sdk/metric", goredis}, "it is for programs with OpenTelemetry",
	},
	"lifetime/lifetimeprom": {
		imported, []string{module + "lifetime", "github.com/prometheus/client_golang"}, []string{goredis}, "it is for programs with Prometheus",
	},
	"resp":     {imported, nil, nil, "a codec needs nothing"},
	"test/rig": {imported, nil, nil, "who imports lifetime downloads what its tests need"},
	"ttllint": {
		imported, []string{module + "resp", "github.com/golangci/plugin-module-register", "golang.org/x/tools"},
		[]string{"pgregory.net/rapid"}, "the analyzer runs inside other linters",
	},
}

// moduleOf is the folder of the module that a package is in.
func moduleOf(pkg string) string {
	in := "."
	for dir := range modules {
		if (pkg == dir || strings.HasPrefix(pkg, dir+"/")) && len(dir) > len(in) {
			in = dir
		}
	}
	return in
}

// goMods reads every go.mod of the repository but those of test data.
func goMods(t *testing.T) map[string]*modfile.File {
	t.Helper()
	all := map[string]*modfile.File{}
	for dir := range folders(t) {
		name := filepath.Join(root(t), filepath.FromSlash(dir), "go.mod")
		text, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if all[dir], err = modfile.Parse(name, text, nil); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// folders are those of the packages, and all above them.
func folders(t *testing.T) map[string]bool {
	all := map[string]bool{".": true}
	for _, s := range sources(t) {
		for dir := s.pkg; dir != "."; dir = path.Dir(dir) {
			all[dir] = true
		}
	}
	return all
}

func workFile(t *testing.T, name string) *modfile.WorkFile {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	work, err := modfile.ParseWork(name, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return work
}

func TestModulesRequireWhatTheyMay(t *testing.T) {
	found := goMods(t)
	if !slices.Equal(slices.Sorted(maps.Keys(found)), slices.Sorted(maps.Keys(modules))) {
		t.Fatalf("the modules are %v, those with a rule are %v", slices.Sorted(maps.Keys(found)), slices.Sorted(maps.Keys(modules)))
	}
	for dir, file := range found {
		rule := modules[dir]
		if file.Go == nil || file.Go.Version != rule.oldest {
			t.Errorf("%s/go.mod has another Go than %s", dir, rule.oldest)
		}
		if file.Toolchain != nil {
			t.Errorf("%s/go.mod has a toolchain line, which makes others download it", dir)
		}
		// `go install program@version` refuses a module with these, and for an import they mean nothing.
		if len(file.Replace)+len(file.Exclude) > 0 {
			t.Errorf("%s/go.mod replaces or excludes modules: go.work is the place for that", dir)
		}
		if rule.allowed == "" {
			continue
		}
		for _, r := range file.Require {
			if !r.Indirect && !slices.Contains(rule.code, r.Mod.Path) && !slices.Contains(rule.tests, r.Mod.Path) {
				t.Errorf("%s/go.mod requires %s: %s", dir, r.Mod.Path, rule.allowed)
			}
		}
	}
}

func TestCodeOfModulesImportsWhatItMay(t *testing.T) {
	for _, s := range sources(t) {
		rule := modules[moduleOf(s.pkg)]
		if rule.allowed == "" {
			continue
		}
		may := rule.code
		if s.test {
			may = append(slices.Clone(may), rule.tests...)
		}
		for _, to := range s.imports {
			first, _, _ := strings.Cut(to, "/")
			if !strings.Contains(first, ".") {
				continue // of the standard library
			}
			if rest, ok := strings.CutPrefix(to, module); ok && moduleOf(rest) == moduleOf(s.pkg) {
				continue
			}
			if !slices.ContainsFunc(may, func(m string) bool { return to == m || strings.HasPrefix(to, m+"/") }) {
				t.Errorf("%s imports %s: %s", s.name, to, rule.allowed)
			}
		}
	}
}

// The modules require each other at one version, the one that is released next; only go.work has them as they are here.
func TestModulesAreOfOneVersion(t *testing.T) {
	work := workFile(t, "go.work")
	versions := map[string]bool{}
	replaced := map[string]string{}
	for _, r := range work.Replace {
		dir, ok := strings.CutPrefix(r.Old.Path, module)
		if !ok || r.Old.Version == "" || r.New.Path != "./"+dir {
			t.Errorf("go.work replaces %s %s by %s", r.Old.Path, r.Old.Version, r.New.Path)
		}
		versions[r.Old.Version], replaced[r.Old.Path] = true, r.Old.Version
	}
	if len(versions) != 1 {
		t.Errorf("go.work has versions %v of the modules", slices.Sorted(maps.Keys(versions)))
	}
	for dir, file := range goMods(t) {
		for _, r := range file.Require {
			if strings.HasPrefix(r.Mod.Path, module) && replaced[r.Mod.Path] != r.Mod.Version {
				t.Errorf("%s/go.mod requires %s; go.work has %s", dir, r.Mod, replaced[r.Mod.Path])
			}
		}
	}
	libraries := workFile(t, "libraries.work")
	if len(libraries.Replace) != len(work.Replace) {
		t.Errorf("libraries.work replaces %d modules, go.work %d", len(libraries.Replace), len(work.Replace))
	}
	for _, r := range libraries.Replace {
		if replaced[r.Old.Path] != r.Old.Version {
			t.Errorf("libraries.work has %s; go.work has %s", r.Old, replaced[r.Old.Path])
		}
	}
	for name, file := range map[string]*modfile.WorkFile{"go.work": work, "libraries.work": libraries} {
		used := map[string]bool{}
		for _, u := range file.Use {
			used[path.Clean(u.Path)] = true
		}
		for dir, rule := range modules {
			if want := name == "go.work" || rule.allowed != ""; used[dir] != want {
				t.Errorf("%s uses %s: %v, want %v", name, dir, used[dir], want)
			}
		}
	}
}
