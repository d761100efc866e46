package layers

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/curfewkv/curfew/"

// source is one Go file of the repository.
type source struct {
	name    string // relative to the root of the repository, with slashes
	pkg     string // its folder
	test    bool   // a _test.go file
	imports []string
	lines   int
	file    *ast.File
	set     *token.FileSet
}

// root is the folder of the repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// sources parses every Go file of the repository, of whatever module.
func sources(t *testing.T) []source {
	t.Helper()
	root := root(t)
	var out []source
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() {
			if name != root && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "shared") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		s, err := parse(name, filepath.ToSlash(rel))
		if err != nil {
			return err
		}
		out = append(out, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 100 {
		t.Fatalf("only %d files found under %s: the rules would hold for nothing", len(out), root)
	}
	return out
}

func parse(name, rel string) (source, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return source{}, err
	}
	s := source{name: rel, pkg: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go"), set: token.NewFileSet()}
	s.lines = strings.Count(string(text), "\n")
	if s.file, err = parser.ParseFile(s.set, rel, text, parser.SkipObjectResolution|parser.ParseComments); err != nil {
		return source{}, err
	}
	for _, i := range s.file.Imports {
		to, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return source{}, err
		}
		s.imports = append(s.imports, to)
	}
	return s, nil
}

// internal are the packages of the module that the file imports, by folder.
func (s *source) internal() []string {
	var out []string
	for _, i := range s.imports {
		if rest, ok := strings.CutPrefix(i, module); ok {
			out = append(out, rest)
		}
	}
	return out
}
