package prefix

import (
	"fmt"
	"strings"

	"github.com/curfewkv/curfew/resp/glob"
)

// Other is the row of keys that none of the given patterns matches.
const Other = "(other)"

// Given counts keys under patterns that the user gave, each key under the first that matches.
type Given[T any] struct {
	patterns []string
	rows     []Row[T]
}

// NewGiven takes glob patterns as SCAN's MATCH does; one without any * stands for what begins with it.
func NewGiven[T any](patterns []string) (*Given[T], error) {
	g := &Given[T]{}
	for _, p := range patterns {
		if p == "" {
			return nil, fmt.Errorf("an empty prefix stands for no keys; * stands for all")
		}
		if !strings.ContainsAny(p, "*?[") {
			p += Any
		}
		g.patterns = append(g.patterns, p)
		g.rows = append(g.rows, Row[T]{Pattern: p})
	}
	g.rows = append(g.rows, Row[T]{Pattern: Other})
	return g, nil
}

// At returns what is counted for the pattern that the key belongs to.
func (g *Given[T]) At(key string, weight float64) *T {
	i := 0
	for i < len(g.patterns) && !glob.Match([]byte(g.patterns[i]), []byte(key), false) {
		i++
	}
	row := &g.rows[i]
	row.Keys++
	row.Weight += weight
	return &row.Value
}

// Rows returns the rows in the order in which the patterns were given, the rest last if there is any.
func (g *Given[T]) Rows() []Row[T] {
	if last := len(g.rows) - 1; g.rows[last].Keys == 0 {
		return g.rows[:last]
	}
	return g.rows
}

// Save returns the rows for a saved state.
func (g *Given[T]) Save() Saved[T] {
	saved := Saved[T]{}
	for _, row := range g.rows {
		saved.Nodes = append(saved.Nodes, SavedNode[T]{Path: []string{row.Pattern}, Keys: row.Keys, Weight: row.Weight, Value: row.Value})
	}
	return saved
}

// Load goes on from a saved state of the same patterns.
func (g *Given[T]) Load(saved Saved[T]) error {
	if len(saved.Nodes) != len(g.rows) {
		return fmt.Errorf("the saved state has %d patterns, not the %d given", len(saved.Nodes), len(g.rows))
	}
	for i, n := range saved.Nodes {
		if len(n.Path) != 1 || n.Path[0] != g.rows[i].Pattern {
			return fmt.Errorf("the saved state has the pattern %q where %q is given", n.Path, g.rows[i].Pattern)
		}
		g.rows[i] = Row[T]{Pattern: n.Path[0], Keys: n.Keys, Weight: n.Weight, Value: n.Value}
	}
	return nil
}
