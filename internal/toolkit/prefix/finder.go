package prefix

import (
	"cmp"
	"slices"
	"strings"
)

// Defaults of Options.
const (
	DefaultRows  = 50
	nodesPerRow  = 200
	lightDivisor = 8 // a group is light when it has less than 1/(8*Rows) of all
	seriesLength = 4 // as many siblings that are single keys are a series, not names; of other light ones, Rows/4
)

// Options bound a Finder. The zero value chooses.
type Options struct {
	Rows       int    // at most
	Separators string // characters that part a key into segments; "" chooses, by looking at the segments as well
	Nodes      int    // of the tree, in memory
	// Sampled tells that each key stands for others of names that are not known: then no row is of one name.
	Sampled bool
}

func (o Options) withDefaults() Options {
	if o.Rows <= 0 {
		o.Rows = DefaultRows
	}
	if o.Separators == "" {
		o.Separators = DefaultSeparators
	}
	if o.Nodes <= 0 {
		o.Nodes = nodesPerRow * o.Rows
	}
	o.Nodes = max(o.Nodes, 4*maxTokens)
	return o
}

// A Row is a pattern and what was counted for its keys. Every key is in one row: the row user:* has what is not in
// user:*:profile.
type Row[T any] struct {
	Pattern string
	Keys    int64 // how often At was called
	Weight  float64
	Value   T
}

// A Finder discovers patterns. It keeps a tree of the segments of keys; the nodes that are rare are merged into their
// sibling * when there are too many of them, by the rule of lossy counting (Manku and Motwani, VLDB 2002): a node goes
// that has gathered less than its share since it came, so that one which has more than twice that share of all keys is
// never lost. Nothing is dropped: what a merged node had counted, its sibling has. As long as the tree fits, the rows
// do not depend on the order of the keys.
//
// A Finder is for one goroutine.
type Finder[T any] struct {
	options Options
	merge   func(into, from *T)
	root    *node[T]
	nodes   int
	total   float64
}

// node is a piece of patterns; its path from the root is the pattern.
type node[T any] struct {
	token    string
	parent   *node[T]
	children map[string]*node[T]
	birth    float64 // the total weight when it came

	keys   int64 // those of which the pattern ends here
	weight float64
	value  *T // nil: no pattern ends here
}

// NewFinder makes a Finder; merge adds what one row has counted to another.
func NewFinder[T any](options Options, merge func(into, from *T)) *Finder[T] {
	return &Finder[T]{options: options.withDefaults(), merge: merge, root: &node[T]{}, nodes: 1}
}

// At returns what is counted for the row that a key belongs to now. The weight, which must be above 0, says how much the
// key matters to which rows are kept. The pointer is good until the next call.
func (f *Finder[T]) At(key string, weight float64) *T {
	if f.nodes > f.options.Nodes {
		f.compact()
	}
	n := f.root
	for _, token := range tokens(key, f.options.Separators) {
		n = f.child(n, token)
	}
	f.total += weight
	n.keys++
	n.weight += weight
	if n.value == nil {
		n.value = new(T)
	}
	return n.value
}

func (f *Finder[T]) child(n *node[T], token string) *node[T] {
	c := n.children[token]
	if c == nil {
		c = &node[T]{token: strings.Clone(token), parent: n, birth: f.total}
		if n.children == nil {
			n.children = map[string]*node[T]{}
		}
		n.children[c.token] = c
		f.nodes++
	}
	return c
}

// compact halves the tree: first by what is light for its age, then, whatever it is, by the lightest.
func (f *Finder[T]) compact() {
	share := 1 / float64(lightDivisor*f.options.Rows)
	f.mergeLight(f.root, func(n *node[T]) float64 { return share * (f.total - n.birth) })
	if f.nodes > f.options.Nodes/2 {
		f.mergeLightest(func() bool { return f.nodes <= f.options.Nodes/2 })
	}
}

// Rows returns the rows, the heaviest first. It ends the counting: the Finder merges what is too small for a row of its
// own, and is not to be used for more keys.
func (f *Finder[T]) Rows() []Row[T] {
	light := f.total / float64(lightDivisor*f.options.Rows)
	f.mergeLight(f.root, func(*node[T]) float64 { return light })
	if f.options.Sampled {
		f.mergeNames()
	}
	rows := f.rows()
	if len(rows) > f.options.Rows {
		f.mergeLightest(func() bool { return f.ends(f.root) <= f.options.Rows })
		rows = f.rows()
	}
	return rows
}

// rows collects the tree's patterns. Two paths can read the same (a:* and then * of b, with a key that has a real *), and
// then are one row.
func (f *Finder[T]) rows() []Row[T] {
	byPattern := map[string]*Row[T]{}
	f.each(f.root, func(n *node[T]) {
		pattern := n.pattern()
		row := byPattern[pattern]
		if row == nil {
			byPattern[pattern] = &Row[T]{Pattern: pattern, Keys: n.keys, Weight: n.weight, Value: *n.value}
			return
		}
		row.Keys += n.keys
		row.Weight += n.weight
		f.merge(&row.Value, n.value)
	})
	rows := make([]Row[T], 0, len(byPattern))
	for _, row := range byPattern {
		rows = append(rows, *row)
	}
	slices.SortFunc(rows, func(a, b Row[T]) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Pattern, b.Pattern))
	})
	return rows
}

// each visits the nodes at which patterns end, in the order of their names.
func (f *Finder[T]) each(n *node[T], visit func(*node[T])) {
	if n.value != nil {
		visit(n)
	}
	for _, token := range sortedTokens(n) {
		f.each(n.children[token], visit)
	}
}

func sortedTokens[T any](n *node[T]) []string {
	list := make([]string, 0, len(n.children))
	for token := range n.children {
		list = append(list, token)
	}
	slices.Sort(list)
	return list
}

// ends counts the patterns below n.
func (f *Finder[T]) ends(n *node[T]) int {
	count := 0
	if n.value != nil {
		count++
	}
	for _, c := range n.children {
		count += f.ends(c)
	}
	return count
}

func (n *node[T]) pattern() string {
	if n.parent == nil {
		return ""
	}
	pattern := n.parent.pattern() + n.token
	// ** says no more than *.
	for strings.Contains(pattern, "**") {
		pattern = strings.ReplaceAll(pattern, "**", Any)
	}
	return pattern
}
