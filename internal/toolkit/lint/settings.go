package lint

import (
	"slices"

	"github.com/curfewkv/curfew/ttllint"
	"github.com/curfewkv/curfew/ttllint/rule"
)

// Settings say what to look for. They are the analyzer's for every language.
type Settings struct{ ttllint.Settings }

func (s Settings) disabled(c rule.Code) bool {
	return slices.ContainsFunc(s.Disable, func(d string) bool {
		r, ok := rule.Lookup(d)
		return ok && r.Code == c
	})
}
