package lint

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxFile is the size in bytes from which a file is taken for a bundle that nobody wrote.
const maxFile = 1 << 20

// skipped are folders of code that is not the project's own.
var skipped = []string{"vendor", "node_modules", "testdata", "__pycache__", "venv", "env", "site-packages", "dist", "build", "bower_components"}

// sources are the files to look into.
type sources struct {
	scripts  []string            // Python and JavaScript
	packages map[string][]string // patterns for the go command, by the folder of their module
	only     map[string]bool     // Go files that were named one by one; nil when a folder was
}

// gather finds the files below the paths.
func gather(paths, exclude []string, tests bool) (*sources, error) {
	for _, e := range exclude {
		if _, err := path.Match(e, ""); err != nil {
			return nil, fmt.Errorf("the pattern %q to exclude: %w", e, err)
		}
	}
	s := &sources{packages: map[string][]string{}, only: map[string]bool{}}
	folders := false
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			folders = true
			err = s.folder(p, exclude, tests)
		} else {
			err = s.file(p, exclude, tests)
		}
		if err != nil {
			return nil, err
		}
	}
	if folders {
		s.only = nil
	}
	slices.Sort(s.scripts)
	s.scripts = slices.Compact(s.scripts)
	return s, nil
}

// file adds a file that was named.
func (s *sources) file(p string, exclude []string, tests bool) error {
	switch {
	case excluded(p, exclude) || !tests && isTest(p):
	case languageOf(p) != nil:
		s.scripts = append(s.scripts, p)
	case filepath.Ext(p) == ".go":
		absolute, err := filepath.Abs(p)
		if err != nil {
			return err
		}
		s.only[absolute] = true
		return s.goFolder(filepath.Dir(p))
	}
	return nil
}

// goFolder adds the package in a folder.
func (s *sources) goFolder(dir string) error {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	module := moduleOf(absolute)
	if module == "" {
		return fmt.Errorf("%s is in no Go module: there is no go.mod above it", dir)
	}
	relative, err := filepath.Rel(module, absolute)
	if err != nil {
		return err
	}
	s.add(module, "./"+filepath.ToSlash(relative))
	return nil
}

func (s *sources) add(module, pattern string) {
	if !slices.Contains(s.packages[module], pattern) {
		s.packages[module] = append(s.packages[module], pattern)
	}
}

// moduleOf is the nearest folder above with a go.mod, "" without one.
func moduleOf(dir string) string {
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			return ""
		}
		dir = above
	}
}

// folder adds what is below a folder. What git ignores is left out where git can say so.
func (s *sources) folder(root string, exclude []string, tests bool) error {
	kept := tracked(root)
	return filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != root && (slices.Contains(skipped, d.Name()) || strings.HasPrefix(d.Name(), ".") || excluded(p, exclude)) {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || kept != nil && !kept[filepath.ToSlash(relative)] {
			return nil
		}
		switch {
		case excluded(p, exclude) || !tests && isTest(p):
		case languageOf(p) != nil:
			info, err := d.Info()
			if err != nil {
				return err
			}
			if info.Size() <= maxFile && !strings.Contains(d.Name(), ".min.") {
				s.scripts = append(s.scripts, p)
			}
		case filepath.Ext(p) == ".go":
			if absolute, err := filepath.Abs(filepath.Dir(p)); err == nil && moduleOf(absolute) == "" {
				return nil // a file on its own, which the go command cannot load
			}
			return s.goFolder(filepath.Dir(p))
		}
		return nil
	})
}

// tracked are the files below a folder that git does not ignore, relative to it; nil where git or a repository is missing.
func tracked(root string) map[string]bool {
	git := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	out, err := git.Output()
	if err != nil {
		return nil // not a repository, or no git: then everything counts
	}
	if len(out) == 0 {
		return nil // the folder itself is ignored, and was named all the same
	}
	files := map[string]bool{}
	for _, f := range strings.Split(string(out), "\x00") {
		files[f] = true
	}
	return files
}

// excluded reports whether a pattern matches a path, its name, or a folder that it is in.
func excluded(p string, patterns []string) bool {
	p = strings.TrimPrefix(filepath.ToSlash(filepath.Clean(p)), "./")
	for {
		for _, pattern := range patterns {
			pattern = strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(pattern), "./"), "/")
			if whole, _ := path.Match(pattern, p); whole {
				return true
			}
			if base, _ := path.Match(pattern, path.Base(p)); base {
				return true
			}
		}
		above := path.Dir(p)
		if above == p || above == "." || above == "/" {
			return false
		}
		p = above
	}
}

// isTest reports whether a file is a test by the customs of its language.
func isTest(p string) bool {
	p = filepath.ToSlash(p)
	base := path.Base(p)
	switch filepath.Ext(base) {
	case ".go":
		return strings.HasSuffix(base, "_test.go")
	case ".py", ".pyi":
		return strings.HasPrefix(base, "test_") || strings.HasSuffix(base, "_test.py") || base == "conftest.py"
	}
	return strings.Contains(base, ".test.") || strings.Contains(base, ".spec.") || strings.Contains(p, "/__tests__/") || strings.HasPrefix(p, "__tests__/")
}
