package number

import "math"

// maxExponent saturates written exponents: far outside every range here, and
// small enough that sums with text lengths cannot overflow.
const maxExponent = 1 << 28

// literal is a float as C's strtod would read it: the whole text, the sign,
// and the digits in a form that both float widths can be made from.
type literal struct {
	neg, hex, inf bool
	// mant holds the first significant digits: all of them unless more. It is
	// zero only when the number is. Value: mant * 10^exp, in hex mant * 2^exp.
	mant uint64
	more bool
	exp  int
	// digits is the part of the text with the digits and at most one point;
	// written is the exponent that follows it. For when more is set.
	digits  []byte
	written int
}

// scanLiteral reads all of b by C's grammar for floats in the "C" locale.
// Unlike strtod it takes no leading space and nothing after the number; NaN is
// no number to Redis.
func scanLiteral(b []byte) (lit literal, ok bool) {
	if len(b) == 0 {
		return lit, false
	}
	if b[0] == '-' || b[0] == '+' {
		lit.neg = b[0] == '-'
		b = b[1:]
	}
	if equalFold(b, "inf") || equalFold(b, "infinity") {
		lit.inf = true
		return lit, true
	}
	if len(b) > 2 && b[0] == '0' && b[1]|0x20 == 'x' {
		lit.hex = true
		b = b[2:]
	}
	rest, ok := lit.scanDigits(b)
	if !ok {
		return lit, false
	}
	lit.digits = b[:len(b)-len(rest)]
	if !lit.scanExponent(rest) {
		return lit, false
	}
	lit.exp += lit.written
	return lit, true
}

// scanDigits reads digits with at most one point, and returns what follows.
func (lit *literal) scanDigits(b []byte) (rest []byte, ok bool) {
	limit, base, perDigit := uint64((math.MaxUint64-9)/10), uint64(10), 1
	if lit.hex {
		limit, base, perDigit = math.MaxUint64>>4, 16, 4
	}
	point, seen := false, false
	for i, c := range b {
		if c == '.' && !point {
			point = true
			continue
		}
		d := digitValue(c)
		if d >= base {
			return b[i:], seen
		}
		seen = true
		if lit.more || lit.mant > limit {
			// No room: zeros and digits from here on only move the point.
			lit.more = true
			if !point {
				lit.exp += perDigit
			}
			continue
		}
		lit.mant = lit.mant*base + d
		if point {
			lit.exp -= perDigit
		}
	}
	return nil, seen
}

// scanExponent reads an optional exponent, which must be all of b.
func (lit *literal) scanExponent(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	mark := byte('e')
	if lit.hex {
		mark = 'p'
	}
	if b[0]|0x20 != mark || len(b) == 1 {
		return false
	}
	b = b[1:]
	neg := b[0] == '-'
	if neg || b[0] == '+' {
		b = b[1:]
	}
	if len(b) == 0 {
		return false
	}
	e := 0
	for _, c := range b {
		if c-'0' > 9 {
			return false
		}
		if e < maxExponent {
			e = e*10 + int(c-'0')
		}
	}
	e = min(e, maxExponent)
	if neg {
		e = -e
	}
	lit.written = e
	return true
}

// digitValue returns the value of a digit, or more than any base.
func digitValue(c byte) uint64 {
	switch {
	case c-'0' <= 9:
		return uint64(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return uint64(c|0x20-'a') + 10
	}
	return math.MaxUint64
}

// equalFold compares b with lower-case ASCII letters, ignoring case.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c|0x20 != lower[i] {
			return false
		}
	}
	return true
}
