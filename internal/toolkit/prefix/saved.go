package prefix

import "slices"

// Saved is a Finder's or a Given's state, for a counting that goes on in another process.
type Saved[T any] struct {
	Total float64        `json:"total,omitempty"`
	Nodes []SavedNode[T] `json:"nodes"`
}

// SavedNode is a pattern, by its pieces.
type SavedNode[T any] struct {
	Path   []string `json:"path"`
	Birth  float64  `json:"birth,omitempty"`
	Keys   int64    `json:"keys"`
	Weight float64  `json:"weight"`
	Value  T        `json:"value"`
}

// Save returns the state. Values are shared with the Finder: write them down before counting on.
func (f *Finder[T]) Save() Saved[T] {
	saved := Saved[T]{Total: f.total}
	f.each(f.root, func(n *node[T]) {
		saved.Nodes = append(saved.Nodes, SavedNode[T]{Path: n.path(), Birth: n.birth, Keys: n.keys, Weight: n.weight, Value: *n.value})
	})
	return saved
}

// Load goes on from a saved state; the Finder must be new.
func (f *Finder[T]) Load(saved Saved[T]) error {
	// A node is as old as the oldest below it.
	nodes := slices.Clone(saved.Nodes)
	slices.SortStableFunc(nodes, func(a, b SavedNode[T]) int {
		switch {
		case a.Birth < b.Birth:
			return -1
		case a.Birth > b.Birth:
			return 1
		}
		return 0
	})
	for _, s := range nodes {
		f.total = s.Birth
		n := f.root
		for _, token := range s.Path {
			n = f.child(n, token)
		}
		value := s.Value
		n.keys, n.weight, n.value = s.Keys, s.Weight, &value
	}
	f.total = saved.Total
	return nil
}
