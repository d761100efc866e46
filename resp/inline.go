package resp

// inline parses a request that is a line of words, as typed into telnet. It
// ends with '\n'; a '\r' before that is dropped.
func (p *Parser) inline(buf []byte, out [][]byte, lim *Limits) ([][]byte, int, error) {
	end, err := p.lineEnd(buf, '\n', lim.maxInline(), ErrInlineTooBig)
	if err != nil {
		return out, 0, p.fail(err)
	}
	if end < 0 {
		return out, 0, nil
	}
	line := buf[:end]
	if end > 0 && line[end-1] == '\r' {
		line = line[:end-1]
	}
	out, ok := splitWords(line, out)
	if !ok {
		return out[:0], 0, p.fail(ErrUnbalancedQuotes)
	}
	p.Reset()
	return out, end + 1, nil
}

// splitWords splits a line without NULs at white space, by the rules of Redis's
// sdssplitargs: "double quotes" with escapes, 'single quotes' in which only
// \' is one, both of them anywhere in a word, and nothing but space after a
// closing quote. Words are unquoted in place, which only makes them shorter.
func splitWords(line []byte, out [][]byte) ([][]byte, bool) {
	for i := 0; ; {
		for i < len(line) && isSpace(line[i]) {
			i++
		}
		if i == len(line) {
			return out, true
		}
		start, end, next, ok := unquoteWord(line, i)
		if !ok {
			return out, false
		}
		out = append(out, line[start:end:end])
		i = next
	}
}

// unquoteWord rewrites the word at line[i:] without its quotes and escapes, to
// line[start:end]; next is the index behind the word.
func unquoteWord(line []byte, i int) (start, end, next int, ok bool) {
	start, w := i, i
	for i < len(line) {
		switch c := line[i]; c {
		case ' ', '\t', '\r', '\n': // not \v and \f: they end no bare word
			return start, w, i, true
		case '"', '\'':
			w, i, ok = unquote(line, w, i)
			if !ok || i < len(line) && !isSpace(line[i]) {
				return 0, 0, 0, false
			}
			return start, w, i, true
		default:
			line[w] = c
			w++
			i++
		}
	}
	return start, w, i, true
}

// unquote copies the quoted string at line[i:] to line[w:], and returns the
// indexes behind both.
func unquote(line []byte, w, i int) (to, next int, ok bool) {
	quote := line[i]
	i++
	for i < len(line) && line[i] != quote {
		c, size := line[i], 1
		if c == '\\' {
			c, size = unescape(line[i:], quote)
		}
		line[w] = c
		w++
		i += size
	}
	if i == len(line) {
		return 0, 0, false
	}
	return w, i + 1, true
}

// unescape reads the escape sequence that b begins with: its byte, its length.
func unescape(b []byte, quote byte) (c byte, size int) {
	if len(b) < 2 || quote == '\'' && b[1] != '\'' {
		return '\\', 1
	}
	switch b[1] {
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'b':
		return '\b', 2
	case 'a':
		return '\a', 2
	case 'x':
		if len(b) >= 4 {
			hi, lo := hexDigit(b[2]), hexDigit(b[3])
			if hi < 16 && lo < 16 {
				return hi<<4 | lo, 4
			}
		}
	}
	return b[1], 2
}

// hexDigit returns the value of a hex digit, or more than 15.
func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

// isSpace is C's isspace in the "C" locale.
func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
