package sweep

import (
	"github.com/curfewkv/curfew/resp/glob"
)

// A Selection is which keys a tool is about: those that match one of the patterns and none of the exceptions. The longest
// pattern that matches is the key's rule, the first of those as long.
type Selection struct {
	patterns [][]byte
	names    []string
	except   [][]byte
}

// NewSelection takes Redis's glob patterns.
func NewSelection(patterns, except []string) *Selection {
	s := &Selection{names: patterns}
	for _, p := range patterns {
		s.patterns = append(s.patterns, []byte(p))
	}
	for _, p := range except {
		s.except = append(s.except, []byte(p))
	}
	return s
}

// Rule is the index of the pattern that a key falls under, -1: none.
func (s *Selection) Rule(key string) int {
	k := []byte(key)
	rule := -1
	for i, p := range s.patterns {
		if (rule < 0 || len(p) > len(s.patterns[rule])) && matches(p, k) {
			rule = i
		}
	}
	if rule < 0 {
		return -1
	}
	for _, p := range s.except {
		if matches(p, k) {
			return -1
		}
	}
	return rule
}

// matches treats the empty key as * does everywhere else.
func matches(pattern, key []byte) bool {
	if len(key) == 0 {
		return len(pattern) == 0 || string(pattern) == "*"
	}
	return glob.Match(pattern, key, false)
}

// Match is what SCAN can filter by: the only pattern, or nothing.
func (s *Selection) Match() string {
	if len(s.names) != 1 || s.names[0] == "*" {
		return ""
	}
	return s.names[0]
}
