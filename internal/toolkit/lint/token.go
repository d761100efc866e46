package lint

import (
	"strings"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// kind is what a token is.
type kind int

const (
	name kind = iota
	number
	text // a string, with its parts
	punct
	line // the end of a logical line, in Python
)

// token is a word of a program.
type token struct {
	kind   kind
	text   string      // as written; of a string, its value as far as it is constant
	parts  []rule.Part // of a string
	offset int
	end    int
	indent int // of a line: columns of the next line
}

func (t token) is(s string) bool { return t.kind != text && t.text == s }

func (t token) in(words ...string) bool {
	for _, w := range words {
		if t.is(w) {
			return true
		}
	}
	return false
}

// constant is the value of a string without expressions.
func (t token) constant() (string, bool) {
	if t.kind != text {
		return "", false
	}
	for _, p := range t.parts {
		if !p.Constant {
			return "", false
		}
	}
	return t.text, true
}

// comment is the text of a comment without its marks.
type comment struct {
	text   string
	offset int
}

// tokens is a tokenized file.
type tokens struct {
	list     []token
	comments []comment
	partner  []int // of a bracket: index of the other one, or -1
}

// pair finds which brackets belong together. Those that do not match have no partner.
func (t *tokens) pair() {
	t.partner = make([]int, len(t.list))
	var open []int
	for i, tok := range t.list {
		t.partner[i] = -1
		switch {
		case tok.in("(", "[", "{"):
			open = append(open, i)
		case tok.in(")", "]", "}"):
			want := map[string]string{")": "(", "]": "[", "}": "{"}[tok.text]
			for n := len(open) - 1; n >= 0 && n >= len(open)-3; n-- {
				if t.list[open[n]].text == want {
					t.partner[i], t.partner[open[n]] = open[n], i
					open = open[:n]
					break
				}
			}
		}
	}
}

// source is how the tokens from i to before j read, as part of a key.
func (t *tokens) source(i, j int) string {
	var b strings.Builder
	for k := i; k < j; k++ {
		tok := t.list[k]
		s := tok.text
		if tok.kind == text {
			s = `"` + rule.NewKey(tok.parts...).String() + `"`
		}
		if k > i && tok.kind <= number && t.list[k-1].kind <= number {
			b.WriteByte(' ')
		}
		b.WriteString(s)
	}
	return b.String()
}

// isWord reports whether a byte is part of a name or a number, in both languages; letters beyond ASCII are.
func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
