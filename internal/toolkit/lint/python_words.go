package lint

import (
	"slices"
	"strings"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// pythonOrder are the parameters of redis-py's methods after the key and the value, as Redis's words.
var pythonOrder = map[string][]string{
	"SET":   {"name", "value", "ex", "px", "nx", "xx", "keepttl", "get", "exat", "pxat"},
	"GETEX": {"name", "ex", "px", "exat", "pxat", "persist"},
}

// pythonWords are the arguments of a method of redis-py as Redis gets them, and the arguments in that order.
func (p *program) pythonWords(method string, args []argument) ([]rule.Arg, []argument) {
	named := slices.Clone(args)
	for i := range named {
		if order := pythonOrder[method]; named[i].name == "" && !named[i].spread && i < len(order) {
			named[i].name = order[i]
		}
	}
	// The key goes first, however it is passed.
	slices.SortStableFunc(named, func(a, b argument) int { return rank(a) - rank(b) })
	var words []rule.Arg
	for i, a := range named {
		constant := ""
		if a.to == a.from+1 {
			constant = p.list[a.from].text
		}
		option := slices.Contains([]string{"ex", "px", "exat", "pxat", "nx", "xx", "gt", "lt", "keepttl", "get", "persist"}, a.name)
		switch {
		case a.spread:
			words = append(words, rule.Arg{Rest: true})
		case option && (constant == "None" || constant == "False"):
		case option:
			words = append(words, rule.Arg{Text: strings.ToUpper(a.name), Constant: true})
		case strings.HasPrefix(method, "MSET") && p.list[a.from].is("{"):
			words = append(words, p.pairs(a)...)
		case strings.HasPrefix(method, "MSET"):
			words = append(words, rule.Arg{Rest: true})
		default:
			w := p.word(a)
			if i > 0 {
				w.Constant = w.Constant && p.list[a.from].kind == number // a value, not one of Redis's words
			}
			words = append(words, w)
		}
	}
	return words, named
}

// rank sorts the key first, then the value, then the rest.
func rank(a argument) int {
	switch a.name {
	case "name", "key", "dest":
		return 0
	case "value", "time", "when", "":
		return 1
	}
	return 2
}
