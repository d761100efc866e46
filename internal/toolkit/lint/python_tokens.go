package lint

import (
	"strings"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// pythonTokens reads a Python file.
func pythonTokens(src string) *tokens {
	r := &pythonReader{src: src, out: &tokens{}}
	for r.at < len(r.src) {
		r.next()
	}
	r.add(line, r.at, r.at)
	r.out.pair()
	return r.out
}

// pythonReader is where reading stands.
type pythonReader struct {
	src   string
	at    int
	depth int // of brackets: line ends inside of them mean nothing
	out   *tokens
}

func (r *pythonReader) add(k kind, from, to int) {
	r.out.list = append(r.out.list, token{kind: k, text: r.src[from:to], offset: from, end: to})
}

func (r *pythonReader) next() {
	c := r.src[r.at]
	switch {
	case c == '\n':
		r.lineEnd()
	case c == ' ' || c == '\t' || c == '\r' || c == '\f':
		r.at++
	case c == '\\' && r.at+1 < len(r.src): // a line that goes on
		r.at += 2
	case c == '#':
		from := r.at
		for r.at < len(r.src) && r.src[r.at] != '\n' {
			r.at++
		}
		r.out.comments = append(r.out.comments, comment{r.src[from+1 : r.at], from})
	case c == '"' || c == '\'':
		r.str(r.at, "")
	case isWord(c):
		r.word()
	default:
		r.punct()
	}
}

// lineEnd ends a logical line and measures how far the next one is indented. A tab is worth eight columns at most, as in
// Python.
func (r *pythonReader) lineEnd() {
	from := r.at
	r.at++
	if r.depth > 0 {
		return
	}
	indent := 0
	for i := r.at; i < len(r.src); i++ {
		switch r.src[i] {
		case ' ':
			indent++
			continue
		case '\t':
			indent += 8 - indent%8
			continue
		case '\n':
			r.at, indent = i+1, 0 // an empty line
			continue
		case '\r':
			continue
		case '#': // a line of a comment alone says nothing of blocks
			return
		}
		break
	}
	if n := len(r.out.list); n > 0 && r.out.list[n-1].kind == line {
		r.out.list[n-1].indent = indent
		return
	}
	r.out.list = append(r.out.list, token{kind: line, offset: from, end: from, indent: indent})
}

func (r *pythonReader) word() {
	from := r.at
	for r.at < len(r.src) && (isWord(r.src[r.at]) || (r.src[r.at] == '.' && isDigit(r.src[from]))) {
		r.at++
	}
	w := r.src[from:r.at]
	if r.at < len(r.src) && (r.src[r.at] == '"' || r.src[r.at] == '\'') && len(w) <= 2 && strings.Trim(strings.ToLower(w), "rbfut") == "" {
		r.str(from, strings.ToLower(w))
		return
	}
	k := name
	if isDigit(w[0]) {
		k = number
	}
	r.add(k, from, r.at)
}

func (r *pythonReader) punct() {
	from := r.at
	switch c := r.src[r.at]; c {
	case '(', '[', '{':
		r.depth++
	case ')', ']', '}':
		r.depth = max(0, r.depth-1)
	}
	r.at++
	for _, op := range []string{"**", "//", ":=", "->", "==", "!=", "<=", ">=", "+=", "-=", "*="} {
		if strings.HasPrefix(r.src[from:], op) {
			r.at = from + 2
		}
	}
	r.add(punct, from, r.at)
}

// str reads a string whose prefix begins at from; r.at is its first quote.
func (r *pythonReader) str(from int, prefix string) {
	quote := r.src[r.at : r.at+1]
	if strings.HasPrefix(r.src[r.at:], strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	r.at += len(quote)
	s := stringBuilder{}
	formatted, raw := strings.ContainsAny(prefix, "ft"), strings.Contains(prefix, "r")
	for r.at < len(r.src) {
		rest := r.src[r.at:]
		switch {
		case strings.HasPrefix(rest, quote):
			r.at += len(quote)
			r.out.list = append(r.out.list, s.token(from, r.at))
			return
		case rest[0] == '\n' && len(quote) == 1: // not closed: the file is broken here, and may be well after
			r.out.list = append(r.out.list, s.token(from, r.at))
			return
		case rest[0] == '\\' && len(rest) > 1:
			if raw {
				s.constant(rest[:2])
			} else {
				s.constant(unescape(rest[1]))
			}
			r.at += 2
		case formatted && (strings.HasPrefix(rest, "{{") || strings.HasPrefix(rest, "}}")):
			s.constant(rest[:1])
			r.at += 2
		case formatted && rest[0] == '{':
			n := pythonHole(rest, quote)
			s.expression(strings.TrimSpace(strings.Trim(rest[:n], "{}")))
			r.at += n
		default:
			s.constant(rest[:1])
			r.at++
		}
	}
	r.out.list = append(r.out.list, s.token(from, r.at))
}

// pythonHole is the length of the braces of an f-string with what is between them, strings in there included.
func pythonHole(s, quote string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '{', '[', '(':
			depth++
		case '}', ']', ')':
			if depth--; depth == 0 {
				return i + 1
			}
		case '\'', '"':
			if depth == 1 && strings.HasPrefix(s[i:], quote) && !strings.Contains(s[i+1:min(len(s), i+200)], "}") {
				return i // the string ends before its brace: broken
			}
			if j := strings.IndexByte(s[i+1:], c); j >= 0 && !strings.Contains(s[i+1:i+1+j], "\n") {
				i += j + 1
			}
		case '\n':
			if len(quote) == 1 {
				return i
			}
		}
	}
	return len(s)
}

// stringBuilder puts the parts of a string together.
type stringBuilder struct{ parts []rule.Part }

func (s *stringBuilder) constant(t string) {
	if n := len(s.parts); n > 0 && s.parts[n-1].Constant {
		s.parts[n-1].Text += t
		return
	}
	s.parts = append(s.parts, rule.Part{Text: t, Constant: true})
}

func (s *stringBuilder) expression(t string) {
	s.parts = append(s.parts, rule.Part{Text: strings.Join(strings.Fields(t), " ")})
}

func (s *stringBuilder) token(from, to int) token {
	t := token{kind: text, offset: from, end: to, parts: s.parts}
	for _, p := range s.parts {
		if p.Constant {
			t.text += p.Text
		}
	}
	return t
}

// unescape is what a backslash and a letter stand for, as far as keys may have them.
func unescape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case '\n':
		return ""
	}
	return string(c)
}
