package lint

import (
	"slices"
	"strings"
)

// scriptTokens reads a JavaScript or TypeScript file.
func scriptTokens(src string) *tokens {
	r := &scriptReader{src: src, out: &tokens{}}
	for r.at < len(r.src) {
		r.next()
	}
	r.out.pair()
	return r.out
}

// scriptReader is where reading stands.
type scriptReader struct {
	src   string
	at    int
	level int // how many templates this one is inside of
	out   *tokens
}

// maxLevel bounds templates inside of templates.
const maxLevel = 16

func (r *scriptReader) add(k kind, from int) {
	r.out.list = append(r.out.list, token{kind: k, text: r.src[from:r.at], offset: from, end: r.at})
}

func (r *scriptReader) next() {
	rest := r.src[r.at:]
	c := rest[0]
	switch {
	case c <= ' ':
		r.at++
	case strings.HasPrefix(rest, "//") || (r.at == 0 && strings.HasPrefix(rest, "#!")):
		r.comment(2, strings.IndexByte(rest, '\n'), 0)
	case strings.HasPrefix(rest, "/*"):
		r.comment(2, strings.Index(rest[2:], "*/")+2, 2)
	case c == '"' || c == '\'':
		r.str(c)
	case c == '`':
		r.template()
	case c == '/' && r.regexpAllowed():
		r.regexp()
	case isWord(c):
		from := r.at
		for r.at < len(r.src) && (isWord(r.src[r.at]) || (r.src[r.at] == '.' && isDigit(c) && !strings.HasPrefix(r.src[r.at:], ".."))) {
			r.at++
		}
		k := name
		if isDigit(c) {
			k = number
		}
		r.add(k, from)
	default:
		r.punct()
	}
}

// comment reads a comment that begins with some bytes and ends at a place, which is below them when it never ends,
// followed by more bytes.
func (r *scriptReader) comment(begin, end, closing int) {
	if end < begin {
		end, closing = len(r.src)-r.at, 0
	}
	r.out.comments = append(r.out.comments, comment{r.src[r.at+begin : r.at+max(begin, end)], r.at})
	r.at += max(begin, end) + closing
}

func (r *scriptReader) punct() {
	from := r.at
	r.at++
	for _, op := range []string{"=>", "?.", "==", "!=", "<=", ">=", "+=", "-=", "*=", "&&", "||", "??", "**"} {
		if strings.HasPrefix(r.src[from:], op) {
			r.at = from + 2
		}
	}
	for _, op := range []string{"...", "===", "!=="} {
		if strings.HasPrefix(r.src[from:], op) {
			r.at = from + 3
		}
	}
	r.add(punct, from)
}

func (r *scriptReader) str(quote byte) {
	from := r.at
	s := stringBuilder{}
	for r.at++; r.at < len(r.src); r.at++ {
		switch c := r.src[r.at]; {
		case c == quote:
			r.at++
			r.out.list = append(r.out.list, s.token(from, r.at))
			return
		case c == '\n': // not closed: an apostrophe in JSX text, mostly
			r.out.list = append(r.out.list, s.token(from, r.at))
			return
		case c == '\\' && r.at+1 < len(r.src):
			r.at++
			s.constant(unescape(r.src[r.at]))
		default:
			s.constant(string([]byte{c}))
		}
	}
	r.out.list = append(r.out.list, s.token(from, r.at))
}

// template reads a string in backquotes. Calls inside of its expressions are not looked at.
func (r *scriptReader) template() {
	from := r.at
	s := stringBuilder{}
	for r.at++; r.at < len(r.src); {
		rest := r.src[r.at:]
		switch {
		case rest[0] == '`':
			r.at++
			r.out.list = append(r.out.list, s.token(from, r.at))
			return
		case rest[0] == '\\' && len(rest) > 1:
			s.constant(unescape(rest[1]))
			r.at += 2
		case strings.HasPrefix(rest, "${"):
			n := r.templateHole(rest)
			s.expression(strings.TrimSuffix(rest[2:n], "}"))
			r.at += n
		default:
			s.constant(rest[:1])
			r.at++
		}
	}
	r.out.list = append(r.out.list, s.token(from, r.at))
}

// templateHole is the length of "${...}" at the beginning of a text: up to the brace that closes it.
func (r *scriptReader) templateHole(s string) int {
	inner := scriptReader{src: s, at: len("${"), level: r.level + 1, out: &tokens{}}
	if inner.level > maxLevel {
		return inner.at // nobody writes that; it is taken as text
	}
	for depth := 1; inner.at < len(s); {
		seen := len(inner.out.list)
		inner.next()
		if len(inner.out.list) == seen {
			continue
		}
		switch last := inner.out.list[len(inner.out.list)-1]; {
		case last.is("{"):
			depth++
		case last.is("}"):
			if depth--; depth == 0 {
				return inner.at
			}
		}
	}
	return len(s)
}

// regexpAllowed reports whether a slash begins a regular expression here rather than divides.
func (r *scriptReader) regexpAllowed() bool {
	if len(r.out.list) == 0 {
		return true
	}
	last := r.out.list[len(r.out.list)-1]
	switch last.kind {
	case number, text:
		return false
	case name:
		return slices.Contains([]string{"return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "await", "yield"}, last.text)
	}
	return !last.in(")", "]", "}")
}

func (r *scriptReader) regexp() {
	from, class := r.at, false
	for r.at++; r.at < len(r.src); r.at++ {
		switch c := r.src[r.at]; {
		case c == '\n': // it was a division after all
			r.at = from + 1
			r.add(punct, from)
			return
		case c == '\\':
			r.at++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			r.at++
			for r.at < len(r.src) && isWord(r.src[r.at]) {
				r.at++
			}
			r.out.list = append(r.out.list, token{kind: number, text: "/.../", offset: from, end: r.at})
			return
		}
	}
	r.at = min(r.at, len(r.src))
}
