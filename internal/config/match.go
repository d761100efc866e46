package config

import (
	"slices"
	"strings"

	"github.com/curfewkv/curfew/resp/glob"
)

// Pair is one line of CONFIG GET's answer.
type Pair struct{ Name, Value string }

// Match executes CONFIG GET: the keys that match any of the patterns, each once,
// sorted by name. Aliases are names of their own. A word without wildcards is
// answered under the spelling that was asked for, as Redis does.
func (r *Registry) Match(patterns ...[]byte) []Pair {
	found := make(map[string]Pair)
	for _, p := range patterns {
		pattern := string(p)
		if !strings.ContainsAny(pattern, "[*?") {
			name := strings.ToLower(pattern)
			if e := r.byName[name]; e != nil {
				if _, twice := found[name]; !twice {
					found[name] = Pair{pattern, e.text()}
				}
			}
			continue
		}
		for name, e := range r.byName {
			if _, twice := found[name]; twice || e.hidden {
				continue
			}
			if glob.Match(p, []byte(name), true) {
				found[name] = Pair{name, e.text()}
			}
		}
	}
	out := make([]Pair, 0, len(found))
	for _, p := range found {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Pair) int { return strings.Compare(a.Name, b.Name) })
	return out
}
