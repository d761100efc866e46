package glob

// maxStars is how many stars Redis lets a pattern use, runs of stars counted
// as one and not counting one at the end.
const maxStars = 1000

// Match reports whether pattern matches all of s. With nocase, ASCII letters
// match in either case.
//
// Redis's odd cases:
//   - An empty s matches only the empty pattern, not even "*".
//   - A class without its bracket ends with the pattern: "[ab" is "[ab]".
//   - "[]" matches nothing and "[^]" any byte: the first ] closes.
//   - A range may be written downwards, takes ] as its end ("[a-]" goes down
//     to ]), and compares bytes as signed: \x80 to \xff lie below \x00.
//   - An escaped byte in a class keeps its case under nocase. A range's ends
//     are put in order first and lowered then, so [Z-a] becomes empty.
//   - A pattern that needs more than maxStars stars matches nothing.
//   - A backslash at the very end stands for itself.
func Match(pattern, s []byte, nocase bool) bool {
	if len(s) == 0 {
		return len(pattern) == 0
	}
	// Only the last star ever needs a second try: what stands before it took
	// the earliest place there is, so moving it on can win nothing.
	var p, i int
	starP, starI, stars := -1, 0, 0
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			for p < len(pattern) && pattern[p] == '*' {
				p++
			}
			if p == len(pattern) {
				return true
			}
			if stars++; stars > maxStars {
				return false
			}
			starP, starI = p, i
			continue
		}
		if p < len(pattern) {
			if width, ok := matchOne(pattern[p:], s[i], nocase); ok {
				p += width
				i++
				continue
			}
		}
		if starP < 0 {
			return false
		}
		starI++
		p, i = starP, starI
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchOne matches c against the element that pattern (not empty) begins
// with, any but a star; width is the element's length.
func matchOne(pattern []byte, c byte, nocase bool) (width int, ok bool) {
	switch pattern[0] {
	case '?':
		return 1, true
	case '[':
		return matchClass(pattern, c, nocase)
	case '\\':
		if len(pattern) > 1 {
			return 2, equal(pattern[1], c, nocase)
		}
	}
	return 1, equal(pattern[0], c, nocase)
}

// matchClass matches c against the class at the start of pattern.
func matchClass(pattern []byte, c byte, nocase bool) (width int, ok bool) {
	p := 1
	negate := len(pattern) > 1 && pattern[1] == '^'
	if negate {
		p++
	}
	hit := false
	for p < len(pattern) && pattern[p] != ']' {
		rest := pattern[p:]
		switch {
		case rest[0] == '\\' && len(rest) >= 2:
			hit = hit || rest[1] == c
			p += 2
		case len(rest) >= 3 && rest[1] == '-':
			hit = hit || inRange(rest[0], rest[2], c, nocase)
			p += 3
		default:
			hit = hit || equal(rest[0], c, nocase)
			p++
		}
	}
	if p < len(pattern) {
		p++ // the closing bracket
	}
	return p, hit != negate
}

func inRange(from, to, c byte, nocase bool) bool {
	lo, hi := int8(from), int8(to)
	if lo > hi {
		lo, hi = hi, lo
	}
	x := int8(c)
	if nocase {
		lo, hi, x = int8(lower(byte(lo))), int8(lower(byte(hi))), int8(lower(c))
	}
	return lo <= x && x <= hi
}

func equal(a, b byte, nocase bool) bool {
	return a == b || nocase && lower(a) == lower(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// Prefix returns the bytes with which everything that pattern matches begins:
// pattern up to its first special byte, as a slice of pattern.
func Prefix(pattern []byte) []byte {
	for i, c := range pattern {
		if special(c) {
			return pattern[:i]
		}
	}
	return pattern
}

// Literal reports whether pattern matches itself and nothing else (in the
// same case), so a lookup can stand for a scan.
func Literal(pattern []byte) bool { return len(Prefix(pattern)) == len(pattern) }

func special(c byte) bool {
	return c == '*' || c == '?' || c == '[' || c == '\\'
}
