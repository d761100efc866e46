package differential

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// A node is a part of a command's grammar. The text form, see commands_test.go:
//
//	WORD        the word itself, in any case
//	word        an argument of that kind, see values_test.go
//	[a b | c]   nothing, or one of the alternatives
//	{a b c}     all of the parts, in any order
//	(a b)+      the group, one to three times
type node interface {
	generate(t *rapid.T, g *generator) []string
}

type literal string
type argument string
type sequence []node
type optional []node
type unordered []node
type repeated struct{ node }

func (n literal) generate(t *rapid.T, _ *generator) []string {
	if rapid.IntRange(0, 9).Draw(t, "case") == 9 {
		return []string{strings.ToLower(string(n))}
	}
	return []string{string(n)}
}

func (n argument) generate(t *rapid.T, g *generator) []string {
	return []string{g.value(t, string(n))}
}

func (n sequence) generate(t *rapid.T, g *generator) []string {
	var args []string
	for _, part := range n {
		args = append(args, part.generate(t, g)...)
	}
	return args
}

func (n optional) generate(t *rapid.T, g *generator) []string {
	// Index 0 is "nothing", so that shrinking removes options.
	i := rapid.IntRange(0, len(n)).Draw(t, "option")
	if i == 0 {
		return nil
	}
	return n[i-1].generate(t, g)
}

func (n unordered) generate(t *rapid.T, g *generator) []string {
	order := make([]int, len(n))
	for i := range order {
		order[i] = i
	}
	var args []string
	for _, i := range rapid.Permutation(order).Draw(t, "order") {
		args = append(args, n[i].generate(t, g)...)
	}
	return args
}

func (n repeated) generate(t *rapid.T, g *generator) []string {
	var args []string
	for range rapid.IntRange(1, 3).Draw(t, "times") {
		args = append(args, n.node.generate(t, g)...)
	}
	return args
}

// parseGrammar reads the text form of one command.
func parseGrammar(text string) (node, error) {
	for _, bracket := range []string{"[", "]", "{", "}", "(", ")+", "|"} {
		text = strings.ReplaceAll(text, bracket, " "+bracket+" ")
	}
	p := &grammarParser{words: strings.Fields(text)}
	n, err := p.sequence("")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	return n, nil
}

type grammarParser struct {
	words []string
}

// sequence reads parts up to the closing word (or the end), which it consumes, and stops in front of a bar.
func (p *grammarParser) sequence(end string) (sequence, error) {
	var parts sequence
	for len(p.words) > 0 {
		word := p.words[0]
		if word == "|" {
			return parts, nil
		}
		p.words = p.words[1:]
		if word == end {
			return parts, nil
		}
		part, err := p.part(word)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	if end != "" {
		return nil, fmt.Errorf("no closing %s", end)
	}
	return parts, nil
}

func (p *grammarParser) part(word string) (node, error) {
	switch word {
	case "[":
		var choice optional
		for {
			alternative, err := p.sequence("]")
			if err != nil {
				return nil, err
			}
			choice = append(choice, alternative)
			if len(p.words) == 0 || p.words[0] != "|" {
				return choice, nil
			}
			p.words = p.words[1:]
		}
	case "{":
		parts, err := p.sequence("}")
		return unordered(parts), err
	case "(":
		parts, err := p.sequence(")+")
		return repeated{parts}, err
	}
	if strings.ToLower(word) != word {
		return literal(word), nil
	}
	if _, ok := pools[word]; !ok {
		return nil, fmt.Errorf("unknown kind of argument %q", word)
	}
	return argument(word), nil
}
