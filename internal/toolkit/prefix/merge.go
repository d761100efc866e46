package prefix

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"
)

// anySibling is the token of what a child is merged into: alice: into *:, profile into *.
func anySibling(token string) string {
	end := len(token)
	for end > 0 && strings.IndexByte(DefaultSeparators+innerSeparators+"}", token[end-1]) >= 0 {
		end--
	}
	open := token[:len(token)-len(strings.TrimLeft(token, "{"))]
	if end <= len(open) {
		return Any
	}
	return open + Any + token[end:]
}

// extent is what there is below a node.
type extent struct {
	weight float64
	keys   int64
	ends   int64 // patterns
}

// single reports whether each pattern is of one key: names of things, not of groups.
func (e extent) single() bool { return e.keys == e.ends }

// mergeLight merges, from the leaves up, children that are lighter than their limit: all of them where they are many, and
// so a series; where they are a few, those that are single keys, which say little each.
func (f *Finder[T]) mergeLight(n *node[T], limit func(*node[T]) float64) extent {
	total := extent{weight: n.weight, keys: n.keys}
	if n.value != nil {
		total.ends = 1
	}
	var light, single []*node[T]
	for _, token := range sortedTokens(n) {
		c := n.children[token]
		e := f.mergeLight(c, limit)
		total.weight += e.weight
		total.keys += e.keys
		total.ends += e.ends
		if e.weight > limit(c) || anySibling(token) == token {
			continue
		}
		if e.single() && n.children[anySibling(token)] != nil {
			f.mergeIntoAny(c) // an identifier that looks like a name, beside others that do not
			continue
		}
		light = append(light, c)
		if e.single() {
			single = append(single, c)
		}
	}
	switch {
	case len(light) >= max(seriesLength, f.options.Rows/4):
		for _, c := range light {
			f.mergeIntoAny(c)
		}
		// What came together is a series now; its parts may be light among themselves.
		for _, token := range sortedTokens(n) {
			if c := n.children[token]; anySibling(token) == token {
				f.mergeLight(c, limit)
			}
		}
	case len(single) >= seriesLength:
		for _, c := range single {
			f.collapse(c, f.child(n, Any))
			delete(n.children, c.token)
		}
	}
	return total
}

// collapse adds all that is at and below n, which leaves the tree, to one pattern.
func (f *Finder[T]) collapse(n, into *node[T]) {
	for _, token := range sortedTokens(n) {
		f.collapse(n.children[token], into)
	}
	f.add(into, n)
	f.nodes--
}

// mergeIntoAny merges a node, with all below it, into its sibling that stands for any.
func (f *Finder[T]) mergeIntoAny(c *node[T]) {
	n := c.parent
	delete(n.children, c.token)
	f.nodes--
	f.join(f.child(n, anySibling(c.token)), c)
}

// join adds the tree from, which is no longer part of the tree, to the node into.
func (f *Finder[T]) join(into, from *node[T]) {
	into.birth = min(into.birth, from.birth)
	f.add(into, from)
	for _, token := range sortedTokens(from) {
		c := from.children[token]
		if into.children[token] == nil {
			if into.children == nil {
				into.children = map[string]*node[T]{}
			}
			into.children[token] = c
			c.parent = into
			continue
		}
		f.nodes--
		f.join(into.children[token], c)
	}
}

// add adds what ended at from to what ends at into.
func (f *Finder[T]) add(into, from *node[T]) {
	if from.value == nil {
		return
	}
	into.keys += from.keys
	into.weight += from.weight
	if into.value == nil {
		into.value = from.value
	} else {
		f.merge(into.value, from.value)
	}
	from.keys, from.weight, from.value = 0, 0, nil
}

// mergeLightest merges the lightest pattern into the one next above it, until enough are gone: x of a:x goes to a:*, and
// that to *. The last, *, stays.
func (f *Finder[T]) mergeLightest(enough func() bool) {
	h := &lightest[T]{}
	f.each(f.root, func(n *node[T]) { h.list = append(h.list, entry[T]{n, n.weight}) })
	heap.Init(h)
	for check := 0; h.Len() > 0; check++ {
		if check%16 == 0 && enough() { // counting costs as much as some merges
			return
		}
		e := heap.Pop(h).(entry[T])
		if e.node.value == nil || e.weight != e.node.weight {
			continue // it was merged, or has grown and has another entry
		}
		into := f.above(e.node)
		if into == nil {
			continue
		}
		f.add(into, e.node)
		f.prune(e.node)
		heap.Push(h, entry[T]{into, into.weight})
	}
}

// mergeNames merges what is the name of one key, without any Any in it, into the pattern next above.
func (f *Finder[T]) mergeNames() {
	var names []*node[T]
	f.each(f.root, func(n *node[T]) {
		if !strings.Contains(n.pattern(), Any) && n.parent != nil {
			names = append(names, n)
		}
	})
	for _, n := range names {
		f.add(f.above(n), n)
		f.prune(n)
	}
}

// above is the node that stands for n and others: its sibling *, or that of its parent. nil: there is none.
func (f *Finder[T]) above(n *node[T]) *node[T] {
	for n.parent != nil {
		if n.token != Any {
			return f.child(n.parent, Any)
		}
		n = n.parent
	}
	return nil
}

// prune takes away a node at which nothing ends any more, and those above it that were there for it only.
func (f *Finder[T]) prune(n *node[T]) {
	for n.parent != nil && n.value == nil && len(n.children) == 0 {
		delete(n.parent.children, n.token)
		f.nodes--
		n = n.parent
	}
}

// entry is a pattern in the heap, with the weight that it had when it came there.
type entry[T any] struct {
	node   *node[T]
	weight float64
}

type lightest[T any] struct{ list []entry[T] }

func (h *lightest[T]) Len() int { return len(h.list) }
func (h *lightest[T]) Less(i, j int) bool {
	a, b := h.list[i], h.list[j]
	if a.weight != b.weight {
		return a.weight < b.weight
	}
	return comparePaths(a.node, b.node) > 0
}
func (h *lightest[T]) Swap(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] }
func (h *lightest[T]) Push(x any)    { h.list = append(h.list, x.(entry[T])) }
func (h *lightest[T]) Pop() any {
	last := len(h.list) - 1
	e := h.list[last]
	h.list = h.list[:last]
	return e
}

func comparePaths[T any](a, b *node[T]) int {
	pa, pb := a.path(), b.path()
	return cmp.Or(slices.Compare(pa, pb), cmp.Compare(len(pa), len(pb)))
}

func (n *node[T]) path() []string {
	var path []string
	for ; n.parent != nil; n = n.parent {
		path = append(path, n.token)
	}
	slices.Reverse(path)
	return path
}
