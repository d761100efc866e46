package lint

import (
	"context"
	"errors"
	"fmt"
	gotoken "go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/curfewkv/curfew/ttllint"
	"github.com/curfewkv/curfew/ttllint/rule"
)

// errNoGo is for Go code without the go command.
var errNoGo = errors.New("there is Go code, and the go command, which loads it, is not installed; install it, or leave Go out by --lang python,javascript")

// goFindings runs the analyzer over the packages of one module.
func goFindings(ctx context.Context, module string, patterns []string, s Settings) ([]Finding, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return nil, errNoGo
	}
	loaded, err := packages.Load(&packages.Config{Context: ctx, Mode: packages.LoadSyntax | packages.NeedModule, Dir: module, Tests: s.Tests}, patterns...)
	if err != nil {
		return nil, fmt.Errorf("load the Go packages of %s: %w", module, err)
	}
	if err := loadErrors(module, loaded); err != nil {
		return nil, err
	}
	graph, err := checker.Analyze([]*analysis.Analyzer{ttllint.New(s.Settings)}, loaded, nil)
	if err != nil {
		return nil, fmt.Errorf("analyze the Go packages of %s: %w", module, err)
	}
	var found []Finding
	files := map[string][]string{}
	for _, action := range graph.Roots {
		if action.Err != nil {
			return nil, fmt.Errorf("analyze %s: %w", action.Package.PkgPath, action.Err)
		}
		for _, d := range action.Diagnostics {
			found = append(found, goFinding(action.Package.Fset, d, files))
		}
	}
	slices.SortFunc(found, order)
	// A package and its variant for tests have files in common.
	return slices.Compact(found), nil
}

// loadErrors are the first problems of packages, of which what is found would not be all.
func loadErrors(module string, loaded []*packages.Package) error {
	var all []string
	packages.Visit(loaded, nil, func(p *packages.Package) {
		for _, e := range p.Errors {
			all = append(all, e.Error())
		}
	})
	if len(all) == 0 {
		return nil
	}
	more := ""
	if len(all) > 3 {
		more = fmt.Sprintf(" (and %d more)", len(all)-3)
	}
	return fmt.Errorf("the Go packages of %s cannot be loaded: %s%s", module, strings.Join(all[:min(3, len(all))], "; "), more)
}

func goFinding(fset *gotoken.FileSet, d analysis.Diagnostic, files map[string][]string) Finding {
	from, to := fset.Position(d.Pos), fset.Position(d.End)
	if !d.End.IsValid() {
		to = from
	}
	r, _ := rule.Lookup(d.Category)
	f := Finding{
		Code: r.Code, Name: r.Name, File: shown(from.Filename), Line: from.Line, Column: from.Column, EndLine: to.Line, EndColumn: to.Column,
		Message: strings.TrimPrefix(d.Message, d.Category+": "),
	}
	lines, ok := files[from.Filename]
	if !ok {
		if src, err := os.ReadFile(from.Filename); err == nil { // without its text a finding is only unknown to a baseline
			lines = strings.Split(string(src), "\n")
		}
		files[from.Filename] = lines
	}
	if from.Line <= len(lines) {
		f.text = strings.TrimSpace(lines[from.Line-1])
	}
	return f
}

// shown is how a path is shown: with slashes, relative to the working folder when it is below it.
func shown(p string) string {
	here, err := os.Getwd()
	if err != nil {
		return filepath.ToSlash(p)
	}
	absolute, err := filepath.Abs(p)
	if err != nil {
		return filepath.ToSlash(p)
	}
	relative, err := filepath.Rel(here, absolute)
	if err != nil || relative == ".." || strings.HasPrefix(relative, ".."+string(filepath.Separator)) {
		return filepath.ToSlash(absolute)
	}
	return filepath.ToSlash(relative)
}
