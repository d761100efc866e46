package grammar

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Pick offers values for an argument that is no token; none: the generator makes one of the argument's type up.
type Pick func(a Arg) []string

// repetitions bounds how often the generator repeats what may be repeated.
const repetitions = 3

// Generate returns lists of arguments that fit: the shortest, one with every option, one for each option and each
// alternative, and some that are drawn by chance, their options in any order.
func (g Grammar) Generate(rnd *rand.Rand, pick Pick) [][]string {
	var out [][]string
	add := func(choose chooser) {
		w := writer{rnd: rnd, pick: pick, choose: choose}
		words := w.all(g.Args)
		if !slices.ContainsFunc(out, func(have []string) bool { return slices.Equal(have, words) }) {
			out = append(out, words)
		}
	}
	add(chooser{option: func(string) bool { return false }, alternative: toward("")})
	add(chooser{option: func(string) bool { return true }, alternative: toward("")})
	g.walk(func(path string, a Arg) {
		add(chooser{option: func(p string) bool { return within(p, path) }, alternative: toward(path)})
	})
	for range len(out) {
		add(chooser{
			option:      func(string) bool { return rnd.IntN(2) == 0 },
			alternative: func(_ string, n int) int { return rnd.IntN(n) },
			shuffle:     true,
			repeat:      true,
		})
	}
	return out
}

// toward chooses the alternatives on the way to the argument at path, the first ones elsewhere.
func toward(path string) func(string, int) int {
	return func(p string, _ int) int {
		rest, on := strings.CutPrefix(path, p+"/")
		if !on {
			return 0
		}
		next, _, _ := strings.Cut(rest, "/")
		i, err := strconv.Atoi(next)
		if err != nil {
			return 0
		}
		return i
	}
}

// within: the argument at p is the one at path or holds it.
func within(p, path string) bool { return p == path || strings.HasPrefix(path, p+"/") }

// walk visits all arguments with their paths, such as "2/0": the first part of the third argument.
func (g Grammar) walk(visit func(path string, a Arg)) {
	var in func(prefix string, args []Arg)
	in = func(prefix string, args []Arg) {
		for i, a := range args {
			path := prefix + strconv.Itoa(i)
			visit(path, a)
			in(path+"/", a.Args)
		}
	}
	in("", g.Args)
}

// chooser decides what the generator writes.
type chooser struct {
	option          func(path string) bool
	alternative     func(path string, n int) int
	shuffle, repeat bool
}

// writer writes one list of arguments.
type writer struct {
	rnd    *rand.Rand
	pick   Pick
	choose chooser
}

func (w *writer) all(args []Arg) []string { return w.parts("", args) }

// parts writes arguments; neighbouring options may change places.
func (w *writer) parts(prefix string, args []Arg) []string {
	var words []string
	for i := 0; i < len(args); {
		if !args[i].Optional {
			words = append(words, w.arg(prefix+strconv.Itoa(i), args[i])...)
			i++
			continue
		}
		var options [][]string
		for ; i < len(args) && args[i].Optional; i++ {
			if path := prefix + strconv.Itoa(i); w.choose.option(path) {
				options = append(options, w.arg(path, args[i]))
			}
		}
		if w.choose.shuffle {
			w.rnd.Shuffle(len(options), func(i, j int) { options[i], options[j] = options[j], options[i] })
		}
		words = append(words, slices.Concat(options...)...)
	}
	return words
}

// arg writes an argument with its token and repetitions.
func (w *writer) arg(path string, a Arg) []string {
	times := 1
	if a.Multiple && w.choose.repeat {
		times += w.rnd.IntN(repetitions)
	}
	var words []string
	for i := range times {
		if a.Token != "" && a.Type != PureToken && (i == 0 || a.MultipleToken) {
			words = append(words, a.Token)
		}
		words = append(words, w.body(path, a)...)
	}
	return words
}

func (w *writer) body(path string, a Arg) []string {
	switch a.Type {
	case PureToken:
		return []string{a.Token}
	case Block:
		return w.parts(path+"/", a.Args)
	case OneOf:
		i := w.choose.alternative(path, len(a.Args))
		return w.arg(path+"/"+strconv.Itoa(i), a.Args[i])
	}
	return []string{w.value(a)}
}

func (w *writer) value(a Arg) string {
	if offered := w.pick(a); len(offered) > 0 {
		return offered[w.rnd.IntN(len(offered))]
	}
	switch a.Type {
	case Integer:
		return strconv.Itoa(w.rnd.IntN(100))
	case UnixTime:
		return strconv.Itoa(4_000_000_000 + w.rnd.IntN(1000))
	case Double:
		return strconv.FormatFloat(w.rnd.Float64(), 'f', 3, 64)
	case Pattern:
		return "*"
	}
	return a.Name + strconv.Itoa(w.rnd.IntN(10))
}
