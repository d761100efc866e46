package infocmd

import (
	"strings"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/command/grammar"
)

// keyArgs finds the arguments that are keys, and for each the index of the command's rule that finds it.
func keyArgs(s *command.Spec, g grammar.Grammar) map[*grammar.Arg]int {
	f := keyFinder{rules: s.KeyRules(), at: 1, found: map[*grammar.Arg]int{}}
	if s.Parent != nil {
		f.at = 2
	}
	f.walk(g.Args, "")
	return f.found
}

// keyFinder walks through arguments; at is the position of the next one, and nowhere behind one of variable length.
type keyFinder struct {
	rules []command.KeyRule
	at    int
	found map[*grammar.Arg]int
}

const nowhere = 1 << 30

func (f *keyFinder) walk(args []grammar.Arg, token string) {
	for i := range args {
		a := &args[i]
		if a.Token != "" {
			token = a.Token
		}
		begin := f.at
		switch {
		case a.Type == grammar.Key:
			if rule, ok := f.rule(token); ok {
				f.found[a] = rule
			}
		case a.Args != nil:
			f.walk(a.Args, token)
		}
		f.at = nowhere
		if least, most := (grammar.Grammar{Args: args[i : i+1]}).Len(); begin != nowhere && least == most {
			f.at = begin + least
		}
	}
}

// rule is the one that finds a key here: by the keyword before it, or the last one that begins here or before.
func (f *keyFinder) rule(token string) (index int, ok bool) {
	for i, r := range f.rules {
		switch {
		case r.Keyword != "":
			if strings.EqualFold(r.Keyword, token) {
				return i, true
			}
		case r.Index != 0 && r.Index <= f.at:
			index, ok = i, true
		}
	}
	return index, ok
}
