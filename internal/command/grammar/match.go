package grammar

import (
	"slices"
	"strconv"
	"strings"
)

// Match reports whether the words fit the grammar. It knows the form only: that 1 is no valid database index, say, is
// the command's to find.
func (g Grammar) Match(words []string) bool {
	return matchAll(g.Args, words, func(rest []string) bool { return len(rest) == 0 })
}

// matchAll matches args in turn, and whatever then makes of the rest. Neighbouring options match in any order.
func matchAll(args []Arg, words []string, then func(rest []string) bool) bool {
	if len(args) == 0 {
		return then(words)
	}
	n := 0
	for n < len(args) && args[n].Optional {
		n++
	}
	if n > 0 {
		return matchOptions(args[:n], words, func(rest []string) bool { return matchAll(args[n:], rest, then) })
	}
	return args[0].match(words, func(rest []string) bool { return matchAll(args[1:], rest, then) })
}

// matchOptions matches some of the options in some order.
func matchOptions(options []Arg, words []string, then func(rest []string) bool) bool {
	for i, o := range options {
		others := slices.Delete(slices.Clone(options), i, i+1)
		if o.match(words, func(rest []string) bool {
			return len(rest) < len(words) && matchOptions(others, rest, then)
		}) {
			return true
		}
	}
	return then(words)
}

// match matches the argument, which is there, with its token and repetitions.
func (a Arg) match(words []string, then func(rest []string) bool) bool {
	if a.Type == PureToken || a.Token == "" {
		return a.matchAgain(words, a.matchBody, then)
	}
	announced := func(words []string, then func([]string) bool) bool {
		return len(words) > 0 && strings.EqualFold(words[0], a.Token) && a.matchBody(words[1:], then)
	}
	if a.MultipleToken {
		return a.matchAgain(words, announced, then)
	}
	return announced(words, func(rest []string) bool {
		return then(rest) || a.Multiple && a.matchAgain(rest, a.matchBody, then)
	})
}

// matchAgain matches body once, or more often where the argument may be repeated.
func (a Arg) matchAgain(words []string, body func([]string, func([]string) bool) bool, then func([]string) bool) bool {
	return body(words, func(rest []string) bool {
		return then(rest) || a.Multiple && len(rest) < len(words) && a.matchAgain(rest, body, then)
	})
}

// matchBody matches the argument without its token, once.
func (a Arg) matchBody(words []string, then func(rest []string) bool) bool {
	switch a.Type {
	case Block:
		return matchAll(a.Args, words, then)
	case OneOf:
		for _, alt := range a.Args {
			if matchAll([]Arg{alt}, words, then) {
				return true
			}
		}
		return false
	}
	return len(words) > 0 && a.fits(words[0]) && then(words[1:])
}

// fits reports whether one word can be the argument.
func (a Arg) fits(word string) bool {
	switch a.Type {
	case PureToken:
		return strings.EqualFold(word, a.Token)
	case Integer, UnixTime:
		_, err := strconv.ParseInt(word, 10, 64)
		return err == nil
	case Double:
		_, err := strconv.ParseFloat(word, 64)
		return err == nil
	}
	return true
}
