package release

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

const home = "github.com/curfewkv/curfew"

// file is one of the repository, as a module's archive wants it.
type file struct{ root, name, within string }

func (f file) Path() string                 { return f.name }
func (f file) Lstat() (fs.FileInfo, error)  { return os.Lstat(filepath.Join(f.root, f.within, f.name)) }
func (f file) Open() (io.ReadCloser, error) { return os.Open(filepath.Join(f.root, f.within, f.name)) }

// A proxy is a folder with all modules at the version that is released next, laid out as the go command wants it, and what
// it takes to use it: nothing of it gets into the machine's own cache of modules.
type proxy struct {
	version string
	env     []string
}

func release(t *testing.T) proxy {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	names := tracked(t, root)
	var dirs []string
	for _, name := range names {
		if filepath.Base(name) == "go.mod" && !strings.Contains(name, "testdata/") {
			dirs = append(dirs, filepath.Dir(name))
		}
	}
	p, out := proxy{version: nextVersion(t, root)}, t.TempDir()
	for _, dir := range dirs {
		p.pack(t, root, dir, dirs, names, out)
	}
	cache := goEnv(t, "GOMODCACHE")
	own := filepath.Join(t.TempDir(), "cache")
	t.Cleanup(func() {
		clean := exec.Command("go", "clean", "-modcache") // its files are read-only
		clean.Env = append(os.Environ(), "GOMODCACHE="+own)
		if text, err := clean.CombinedOutput(); err != nil {
			t.Errorf("go clean: %v\n%s", err, text)
		}
	})
	p.env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOSUMDB=off", "GOTOOLCHAIN=local", "GOMODCACHE="+own,
		// What the machine has got already is not asked for again.
		"GOPROXY=file://"+out+",file://"+filepath.Join(cache, "cache", "download")+","+goEnv(t, "GOPROXY"))
	return p
}

// pack writes one module.
func (p proxy) pack(t *testing.T, root, dir string, dirs, names []string, out string) {
	t.Helper()
	m := module.Version{Path: home, Version: p.version}
	if dir != "." {
		m.Path += "/" + dir
	}
	var files []zip.File
	for _, name := range names {
		if owner(name, dirs) != dir {
			continue
		}
		within, err := filepath.Rel(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file{root, filepath.ToSlash(within), dir})
	}
	to := filepath.Join(out, filepath.FromSlash(m.Path), "@v")
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	archive, err := os.Create(filepath.Join(to, m.Version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	if err := zip.Create(archive, m, files); err != nil {
		t.Fatalf("module %s: %v", m, err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"list": m.Version + "\n", m.Version + ".mod": string(text),
		m.Version + ".info": fmt.Sprintf(`{"Version":%q,"Time":"2026-01-01T00:00:00Z"}`, m.Version),
	} {
		if err := os.WriteFile(filepath.Join(to, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// owner is the folder of the module that a file is in, the deepest.
func owner(name string, dirs []string) string {
	best := "."
	for _, dir := range dirs {
		if strings.HasPrefix(name, dir+"/") && len(dir) > len(best) {
			best = dir
		}
	}
	return best
}

// tracked are the files that are committed, or would be.
func tracked(t *testing.T, root string) []string {
	t.Helper()
	list := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	text, err := list.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	names := strings.Fields(string(text))
	return slices.DeleteFunc(names, func(name string) bool {
		_, err := os.Lstat(filepath.Join(root, name))
		return err != nil // deleted, and not committed
	})
}

// nextVersion is the one at which go.work replaces the modules; internal/layers holds that it is one.
func nextVersion(t *testing.T, root string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "go.work"))
	if err != nil {
		t.Fatal(err)
	}
	work, err := modfile.ParseWork("go.work", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return work.Replace[0].Old.Version
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	text, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// run runs the go command with the released modules.
func (p proxy) run(t *testing.T, dir string, more []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, append(slices.Clone(p.env), more...)
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, text)
	}
	return string(text)
}
