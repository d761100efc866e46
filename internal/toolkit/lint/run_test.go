package lint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/curfewkv/curfew/ttllint"
)

const (
	leakPy = "import redis\nr = redis.Redis()\nr.set('a', 1)\n"
	leakJS = "import Redis from 'ioredis'\nconst r = new Redis()\nr.set('b', 1)\n"
	leakGo = "package shop\n\nimport (\n\t\"context\"\n\n\t\"github.com/redis/go-redis/v9\"\n)\n\nfunc save(ctx context.Context, rdb *redis.Client) {\n\trdb.Set(ctx, \"c\", 1, 0)\n}\n"
)

// tree writes files below a new folder, which becomes the working folder.
func tree(t *testing.T, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

// module are the files of a Go module that uses go-redis in the version of this one.
func module(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "ttllint", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	return files
}

func places(found []Finding) []string {
	var all []string
	for _, f := range found {
		all = append(all, fmt.Sprintf("%s:%d %s", f.File, f.Line, f.Code))
	}
	return all
}

func TestFoldersAreWalked(t *testing.T) {
	files := module(t)
	for name, text := range map[string]string{
		"shop.go": leakGo, "sub/shop.go": leakGo, "a.py": leakPy, "web/b.ts": leakJS,
		"node_modules/x/index.js": leakJS, "web/vendor/x.py": leakPy, ".hidden/x.py": leakPy, "testdata/x.py": leakPy, "test_a.py": leakPy,
		"web/b.spec.ts": leakJS, "web/b.min.js": leakJS, "legacy/old.py": leakPy, "big.js": leakJS + strings.Repeat("//\n", maxFile/3), "notes.txt": leakPy,
	} {
		files[name] = text
	}
	tree(t, files)
	for name, c := range map[string]struct {
		o    Options
		want []string
	}{
		"everything":  {Options{Exclude: []string{"legacy"}}, []string{"a.py:3 TTL001", "shop.go:10 TTL001", "sub/shop.go:10 TTL001", "web/b.ts:3 TTL001"}},
		"excluded":    {Options{Exclude: []string{"*.py", "sub", "web/b.ts"}}, []string{"shop.go:10 TTL001"}},
		"a folder":    {Options{Paths: []string{"sub"}}, []string{"sub/shop.go:10 TTL001"}},
		"a file":      {Options{Paths: []string{"sub/shop.go", "legacy/old.py"}}, []string{"legacy/old.py:3 TTL001", "sub/shop.go:10 TTL001"}},
		"a language":  {Options{Languages: []string{"javascript"}}, []string{"web/b.ts:3 TTL001"}},
		"durable":     {Options{Settings: Settings{ttllint.Settings{Durable: []string{"[ab]"}}}, Exclude: []string{"sub"}}, []string{"shop.go:10 TTL001"}},
		"hook":        {Options{Settings: Settings{ttllint.Settings{DefaultTTLHook: true}}}, nil},
		"disabled":    {Options{Settings: Settings{ttllint.Settings{Disable: []string{"no-ttl"}}}}, nil},
		"with tests":  {Options{Settings: Settings{ttllint.Settings{Tests: true}}, Languages: []string{"python"}, Exclude: []string{"legacy"}}, []string{"a.py:3 TTL001", "test_a.py:3 TTL001"}},
		"other files": {Options{Paths: []string{"notes.txt"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := Run(context.Background(), c.o)
			if err != nil || !slices.Equal(places(found), c.want) {
				t.Errorf("%v: %q, want %q", err, places(found), c.want)
			}
		})
	}
}

func TestIgnoredFilesAreLeftOut(t *testing.T) {
	tree(t, map[string]string{".gitignore": "gen/\n", "gen/a.py": leakPy, "b.py": leakPy})
	if out, err := exec.Command("git", "init", "-q").CombinedOutput(); err != nil {
		t.Skipf("no git: %v %s", err, out)
	}
	found, err := Run(context.Background(), Options{})
	if err != nil || !slices.Equal(places(found), []string{"b.py:3 TTL001"}) {
		t.Errorf("%v: %q", err, places(found))
	}
	found, err = Run(context.Background(), Options{Paths: []string{"gen"}})
	if err != nil || !slices.Equal(places(found), []string{"gen/a.py:3 TTL001"}) {
		t.Errorf("an ignored folder that is named: %v: %q", err, places(found))
	}
}

func TestWhatCannotBeDoneIsSaid(t *testing.T) {
	files := module(t)
	files["broken/shop.go"] = "package broken\n\nfunc f() { undefined() }\n"
	tree(t, files)
	for want, o := range map[string]Options{
		"missing":            {Paths: []string{"missing"}},
		"there is no rule":   {Settings: Settings{ttllint.Settings{Disable: []string{"TTL099"}}}},
		"no language":        {Languages: []string{"cobol"}},
		"the pattern":        {Exclude: []string{"["}},
		"undefined: undefin": {},
	} {
		if _, err := Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Run(context.Background(), Options{}); !errors.Is(err, errNoGo) {
		t.Errorf("without the go command: %v", err)
	}
	if _, err := Run(context.Background(), Options{Languages: []string{"python"}}); err != nil {
		t.Errorf("without the go command and without Go: %v", err)
	}
}

func TestBaselinesKnowFindingsByTheirLine(t *testing.T) {
	tree(t, map[string]string{"a.py": leakPy})
	found, err := Run(context.Background(), Options{})
	if err != nil || len(found) != 1 {
		t.Fatalf("%v: %v", err, found)
	}
	if err := NewBaseline(found).Write("known.json"); err != nil {
		t.Fatal(err)
	}
	known, err := ReadBaseline("known.json")
	if err != nil {
		t.Fatal(err)
	}
	// The line moves, and a copy of it and another are new.
	if err := os.WriteFile("a.py", []byte("# moved\n"+leakPy+"r.set('a', 1)\nr.set('z', 1)\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	found, err = Run(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if fresh := places(known.New(found)); !slices.Equal(fresh, []string{"a.py:5 TTL001", "a.py:6 TTL001"}) {
		t.Errorf("new are %q", fresh)
	}
	for text, want := range map[string]string{"{": "known.json", `{"version": 9}`: "--write-baseline"} {
		if err := os.WriteFile("known.json", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadBaseline("known.json"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("baseline %q: error %v does not name %q", text, err, want)
		}
	}
}

func TestReports(t *testing.T) {
	found := scan(python, "dir/a b,c.py", "import redis\nr = redis.Redis()\nr.set('100%', 1)\nr.keys('*')\n", Settings{})
	if len(found) != 2 {
		t.Fatalf("%v", found)
	}
	write := func(format string, found []Finding) string {
		var b bytes.Buffer
		if err := Report(&b, format, "1.2.3", found); err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		return b.String()
	}
	if got := write("text", found); !strings.HasPrefix(got, "dir/a b,c.py:3:1: TTL001: SET of \"100%\" gives no lifetime\ndir/a b,c.py:4:1: TTL007: ") {
		t.Errorf("text: %s", got)
	}
	if got := write("github", found); !strings.HasPrefix(got, "::error file=dir/a b%2Cc.py,line=3,col=1,endLine=3,title=TTL001 no-ttl::SET of \"100%25\" gives no lifetime\n") {
		t.Errorf("github: %s", got)
	}
	var decoded struct{ Findings []Finding }
	if err := json.Unmarshal([]byte(write("json", found)), &decoded); err != nil || len(decoded.Findings) != 2 || decoded.Findings[0].Code != "TTL001" {
		t.Errorf("json: %v %v", err, decoded)
	}
	if got := write("json", nil); !strings.Contains(got, `"findings": []`) {
		t.Errorf("json without findings: %s", got)
	}
	if err := Report(&bytes.Buffer{}, "yaml", "", nil); err == nil {
		t.Error("there is no format yaml")
	}
	for name, all := range map[string][]Finding{"findings": found, "none": nil} {
		report, err := sarif.FromString(write("sarif", all))
		if err != nil {
			t.Fatal(err)
		}
		if err := report.Validate(); err != nil {
			t.Errorf("SARIF of %s does not follow the schema: %v", name, err)
		}
		if len(report.Runs) != 1 || len(report.Runs[0].Results) != len(all) || len(report.Runs[0].Tool.Driver.Rules) == 0 {
			t.Errorf("SARIF of %s has %d runs", name, len(report.Runs))
		}
	}
	report, _ := sarif.FromString(write("sarif", found))
	result := report.Runs[0].Results[1]
	region := result.Locations[0].PhysicalLocation.Region
	if *result.RuleID != "TTL007" || *region.StartLine != 4 || *report.Runs[0].Tool.Driver.Rules[result.RuleIndex].ID != "TTL007" {
		t.Errorf("SARIF result %v at %v", *result.RuleID, *region.StartLine)
	}
}
