package grammar

import (
	"math/rand/v2"
	"slices"
)

// notNumber is a word that no number fits.
const notNumber = "1x"

// Violate returns lists of arguments that do not fit, each a small step away from one that does: a word is missing, added,
// doubled, misspelt, or moved to another place, or a number is none.
func (g Grammar) Violate(rnd *rand.Rand, pick Pick) [][]string {
	var out [][]string
	add := func(words []string) {
		if g.Match(words) || slices.ContainsFunc(out, func(have []string) bool { return slices.Equal(have, words) }) {
			return
		}
		out = append(out, words)
	}
	least, _ := g.Len()
	for _, words := range g.Generate(rnd, pick) {
		add(append(slices.Clone(words), "surplus"))
		for i, word := range words {
			add(slices.Concat(words[:i], words[i+1:]))
			add(slices.Concat(words[:i+1], words[i:]))
			for _, other := range []string{word + "x", notNumber} {
				changed := slices.Clone(words)
				changed[i] = other
				add(changed)
			}
			moved := slices.Clone(words)
			j := rnd.IntN(len(words))
			moved[i], moved[j] = moved[j], moved[i]
			add(moved)
		}
		// Options together that exclude each other: two lists, the second without what both begin with.
		valid := g.Generate(rnd, pick)
		if more := valid[rnd.IntN(len(valid))]; len(more) > least {
			add(slices.Concat(words, more[least:]))
		}
	}
	return out
}
