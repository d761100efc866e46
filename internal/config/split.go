package config

import "strings"

// SplitArgs splits a line into words by the rules of redis.conf: blanks divide;
// "..." knows \n \r \t \b \a \xHH and takes any other escaped byte as itself;
// '...' knows \' only; a closing quote must end its word. ok is false when a
// quote is not closed or is followed by more.
func SplitArgs(line string) (args []string, ok bool) {
	for s := (splitter{line: line}); s.skip(); {
		w, ok := s.word()
		if !ok {
			return nil, false
		}
		args = append(args, w)
	}
	return args, true
}

// splitter reads a line word by word.
type splitter struct {
	line string
	at   int
}

// skip goes to the next word, and reports whether there is one. A NUL ends the
// line, as it does in C.
func (s *splitter) skip() bool {
	for s.at < len(s.line) && isBlank(s.line[s.at]) {
		s.at++
	}
	return s.at < len(s.line) && s.line[s.at] != 0
}

// word reads the word at hand. Like Redis, it lets a quote open inside of one:
// ab"c d" is abc d.
func (s *splitter) word() (string, bool) {
	var b strings.Builder
	for s.at < len(s.line) && !isBlank(s.line[s.at]) && s.line[s.at] != 0 {
		if q := s.line[s.at]; q == '"' || q == '\'' {
			end, ok := readQuoted(&b, s.line, s.at+1, q)
			s.at = end
			return b.String(), ok
		}
		b.WriteByte(s.line[s.at])
		s.at++
	}
	return b.String(), true
}

// readQuoted reads up to the closing quote and returns the offset behind it.
func readQuoted(b *strings.Builder, line string, i int, quote byte) (end int, ok bool) {
	for i < len(line) && line[i] != 0 {
		c := line[i]
		switch {
		case c == quote:
			i++
			return i, i == len(line) || isBlank(line[i]) || line[i] == 0
		case c == '\\' && quote == '"' && i+3 < len(line) && line[i+1] == 'x' && isHex(line[i+2]) && isHex(line[i+3]):
			b.WriteByte(unhex(line[i+2])<<4 | unhex(line[i+3]))
			i += 4
		case c == '\\' && quote == '"' && i+1 < len(line):
			b.WriteByte(unescape(line[i+1]))
			i += 2
		case c == '\\' && quote == '\'' && i+1 < len(line) && line[i+1] == '\'':
			b.WriteByte('\'')
			i += 2
		default:
			b.WriteByte(c)
			i++
		}
	}
	return 0, false
}

// Quote writes s so that SplitArgs reads it as one word with the same bytes. A
// word that needs no quotes gets none, except that the empty one is "".
func Quote(s string) string {
	if s != "" && strings.IndexFunc(s, needsQuote) < 0 && s[0] != '#' {
		return s
	}
	const hex = "0123456789abcdef"
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' || c == '"':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c > '~':
			b.WriteString(`\x`)
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func needsQuote(c rune) bool {
	return c <= ' ' || c > '~' || c == '"' || c == '\'' || c == '\\'
}

func isBlank(c byte) bool {
	return c == ' ' || (c >= '\t' && c <= '\r')
}

func isHex(c byte) bool {
	return (c >= '0' && c <= '9') || (c|0x20 >= 'a' && c|0x20 <= 'f')
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}
