package lint

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Languages are the names of what can be looked into.
var Languages = []string{"go", "python", "javascript"}

// Options say what to look into.
type Options struct {
	Settings
	Paths     []string // files and folders; none is the working folder
	Exclude   []string // patterns of paths, names and folders
	Languages []string // none is all
}

// Run finds what is wrong in the files, in the order of files and lines.
func Run(ctx context.Context, o Options) ([]Finding, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	for _, l := range o.Languages {
		if !slices.Contains(Languages, l) {
			return nil, fmt.Errorf("there is no language %q; there are %v", l, Languages)
		}
	}
	if len(o.Paths) == 0 {
		o.Paths = []string{"."}
	}
	s, err := gather(o.Paths, o.Exclude, o.Tests)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, file := range s.scripts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		lang := languageOf(file)
		if !o.wants(map[*language]string{python: "python", script: "javascript"}[lang]) {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		found = append(found, scan(lang, shown(file), string(src), o.Settings)...)
	}
	if o.wants("go") {
		more, err := s.goCode(ctx, o)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	slices.SortFunc(found, order)
	return found, nil
}

func (o Options) wants(language string) bool {
	return len(o.Languages) == 0 || slices.Contains(o.Languages, language)
}

func (s *sources) goCode(ctx context.Context, o Options) ([]Finding, error) {
	var found []Finding
	for _, module := range slices.Sorted(maps.Keys(s.packages)) {
		all, err := goFindings(ctx, module, s.packages[module], o.Settings)
		if err != nil {
			return nil, err
		}
		for _, f := range all {
			absolute, err := filepath.Abs(f.File)
			if err != nil {
				return nil, err
			}
			if (s.only == nil || s.only[absolute]) && !excluded(f.File, o.Exclude) {
				found = append(found, f)
			}
		}
	}
	return found, nil
}
