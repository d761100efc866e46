package grammar

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Parse reads a syntax; the empty one takes no arguments.
func Parse(syntax string) (Grammar, error) {
	lexemes, err := lex(syntax)
	if err != nil {
		return Grammar{}, fmt.Errorf("grammar: %q: %w", syntax, err)
	}
	p := parser{rest: lexemes}
	args, err := p.sequence()
	if err == nil && p.rest[0].kind != end {
		err = fmt.Errorf("at %d: unexpected %q", p.rest[0].at, p.rest[0].text)
	}
	if err != nil {
		return Grammar{}, fmt.Errorf("grammar: %q: %w", syntax, err)
	}
	return Grammar{Args: args}, nil
}

// parser reads lexemes from rest, which ends with the end.
type parser struct{ rest []lexeme }

func (p *parser) next() lexeme {
	l := p.rest[0]
	p.rest = p.rest[1:]
	return l
}

// sequence reads arguments up to what cannot be part of it.
func (p *parser) sequence() ([]Arg, error) {
	var args []Arg
	for {
		switch l := p.rest[0]; l.kind {
		case word:
			p.next()
			a, err := p.word(l)
			if err != nil {
				return nil, err
			}
			args = append(args, a)
		case open, less:
			g, err := p.group()
			if err != nil {
				return nil, err
			}
			if n := g.repeats(args); n > 0 {
				args = multiply(args, n)
				continue
			}
			args = append(args, p.again(g.arg()))
		default:
			return args, nil
		}
	}
}

// word makes an argument of a word, a token with all that belongs to it.
func (p *parser) word(l lexeme) (Arg, error) {
	if !isToken(l.text) {
		return leaf(l.text)
	}
	var parts []Arg
	for {
		next := p.rest[0]
		if next.kind == word && !isToken(next.text) {
			p.next()
			a, err := leaf(next.text)
			if err != nil {
				return Arg{}, err
			}
			parts = append(parts, a)
			continue
		}
		if next.kind != less && next.kind != open {
			break
		}
		before := p.rest
		g, err := p.group()
		if err != nil {
			return Arg{}, err
		}
		if n := g.repeats(parts); n > 0 {
			parts = multiply(parts, n)
			continue
		}
		// An option of its own, or the repetition of this token: the caller's.
		if g.optional {
			p.rest = before
			break
		}
		parts = append(parts, p.again(g.arg()))
	}
	return announce(strings.ToUpper(l.text), parts), nil
}

// again makes a group that ends here one that may be repeated, where an ellipsis follows it.
func (p *parser) again(group Arg) Arg {
	// Inside brackets the ellipsis before the closing one is the brackets'.
	if group.Optional || p.rest[0].kind != ellipsis || p.rest[1].kind == shut {
		return group
	}
	p.next()
	group.Multiple = true
	return group
}

// announce puts a token before the arguments that belong to it.
func announce(token string, parts []Arg) Arg {
	name := strings.ToLower(token)
	switch {
	case len(parts) == 0:
		return Arg{Name: name, Type: PureToken, Token: token}
	case len(parts) == 1 && parts[0].Token == "":
		a := parts[0]
		a.Token = token
		if a.Type == OneOf && a.Name == nameOfGroup(a.Args) {
			a.Name = name
		}
		return a
	}
	return Arg{Name: name, Type: Block, Token: token, Args: parts}
}

// bracketed is the content of [...] or <...>.
type bracketed struct {
	optional     bool
	name         string
	alternatives [][]Arg
	ellipsis     bool
}

func (p *parser) group() (*bracketed, error) {
	first := p.next()
	g := &bracketed{optional: first.kind == open, name: first.group}
	closing := greater
	if g.optional {
		closing = shut
	}
	for {
		args, err := p.sequence()
		if err != nil {
			return nil, err
		}
		if len(args) == 0 {
			return nil, fmt.Errorf("at %d: nothing here", p.rest[0].at)
		}
		g.alternatives = append(g.alternatives, args)
		l := p.next()
		if l.kind == ellipsis {
			g.ellipsis = true
			l = p.next()
		}
		switch {
		case l.kind == bar && !g.ellipsis:
			continue
		case l.kind == closing:
			return g, g.check()
		case l.kind == end:
			return nil, fmt.Errorf("%q of %d is not closed", first.text, first.at)
		}
		return nil, fmt.Errorf("at %d: unexpected %q", l.at, l.text)
	}
}

func (g *bracketed) check() error {
	if g.ellipsis && !g.optional {
		return errors.New("what is repeated stands in [ ]")
	}
	return nil
}

// repeats is of how many arguments at the end of args the group is the repetition: "x y" and "[x y ...]"; 0 when of none.
func (g *bracketed) repeats(args []Arg) int {
	if !g.ellipsis || len(g.alternatives) != 1 {
		return 0
	}
	again := g.alternatives[0]
	n := len(again)
	if n > len(args) || !reflect.DeepEqual(again, args[len(args)-n:]) {
		return 0
	}
	return n
}

// multiply makes the last n arguments one that may be repeated.
func multiply(args []Arg, n int) []Arg {
	at := len(args) - n
	a := args[at]
	if n > 1 {
		a = Arg{Name: "data", Type: Block, Args: slices.Clone(args[at:])}
	}
	a.Multiple = true
	a.MultipleToken = a.Token != ""
	return append(args[:at], a)
}

// arg makes an argument of the group.
func (g *bracketed) arg() Arg {
	alternatives := make([]Arg, len(g.alternatives))
	for i, parts := range g.alternatives {
		alternatives[i] = one(parts)
	}
	a := alternatives[0]
	if len(alternatives) > 1 {
		a = Arg{Name: nameOfGroup(alternatives), Type: OneOf, Args: alternatives}
	}
	if g.name != "" {
		a.Name = g.name
	}
	a.Optional = a.Optional || g.optional
	if g.ellipsis {
		a.Multiple = true
		a.MultipleToken = a.Token != ""
	}
	return a
}

// one makes one argument of several.
func one(parts []Arg) Arg {
	if len(parts) == 1 {
		return parts[0]
	}
	return Arg{Name: parts[0].Name + "-block", Type: Block, Args: parts}
}
