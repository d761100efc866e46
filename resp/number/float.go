package number

import (
	"math"
	"strconv"
)

// ParseFloat reads b as the float64 that C's strtod makes of it. It takes
// exponents, hex floats and infinities; it refuses empty text, leading space,
// anything after the number, NaN, and what overflows or rounds to zero.
func ParseFloat(b []byte) (float64, bool) {
	lit, ok := scanLiteral(b)
	if !ok {
		return 0, false
	}
	if lit.inf {
		return math.Copysign(math.Inf(1), signOf(lit.neg)), true
	}
	f, err := parseStd(b, lit)
	if err != nil || f == 0 && lit.mant != 0 {
		return 0, false
	}
	return f, true
}

// parseStd leaves the rounding to strconv, whose grammar differs in one point
// that matters once scanLiteral has passed: hex floats need an exponent.
func parseStd(b []byte, lit literal) (float64, error) {
	if lit.hex && !hasHexExponent(b) {
		return strconv.ParseFloat(string(b)+"p0", 64)
	}
	return strconv.ParseFloat(string(b), 64)
}

func hasHexExponent(b []byte) bool {
	for _, c := range b {
		if c|0x20 == 'p' {
			return true
		}
	}
	return false
}

func signOf(neg bool) float64 {
	if neg {
		return -1
	}
	return 1
}

// intRange bounds the floats that AppendFloat writes as integers.
const intRange = 1 << 62

// AppendFloat appends f as Redis 7.2 and later write doubles in replies and
// in scores: integers up to 2^62 plainly, others with the fewest digits that
// read back as f, with an exponent only where the plain form is long.
// Redis 7.0 wrote %.17g instead (3.1000000000000001 for 3.1).
func AppendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case f == 0:
		if math.Signbit(f) {
			dst = append(dst, '-')
		}
		return append(dst, '0')
	case f >= -intRange && f <= intRange && f == math.Trunc(f):
		return strconv.AppendInt(dst, int64(f), 10)
	}
	return appendShortest(dst, f)
}

// appendShortest lays out the shortest digits of a finite, non-zero f.
func appendShortest(dst []byte, f float64) []byte {
	// d.ddddde±xx: the widest is 17 digits, sign, point and e-308.
	var text [32]byte
	e := strconv.AppendFloat(text[:0], math.Abs(f), 'e', -1, 64)
	digits, point := splitExponent(e)
	if math.Signbit(f) {
		dst = append(dst, '-')
	}
	tail := point - len(digits) // power of ten of the last digit
	size := max(point-1, 1-point)
	switch {
	case tail >= 0 && size < len(digits)+7:
		dst = append(dst, digits...)
		return appendZeros(dst, tail)
	case tail < 0 && (tail > -7 || size < 4) && point <= 0:
		dst = append(dst, "0."...)
		dst = appendZeros(dst, -point)
		return append(dst, digits...)
	case tail < 0 && (tail > -7 || size < 4):
		dst = append(dst, digits[:point]...)
		dst = append(dst, '.')
		return append(dst, digits[point:]...)
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(dst, '.')
		dst = append(dst, digits[1:]...)
	}
	if point-1 < 0 {
		dst = append(dst, "e-"...)
	} else {
		dst = append(dst, "e+"...)
	}
	return strconv.AppendInt(dst, int64(size), 10)
}

// splitExponent turns d.ddde±xx into its digits (packed in place) and the
// position of the decimal point relative to their start.
func splitExponent(e []byte) (digits []byte, point int) {
	i := len(e) - 1
	for e[i] != 'e' {
		i--
	}
	exp := 0
	for _, c := range e[i+2:] {
		exp = exp*10 + int(c-'0')
	}
	if e[i+1] == '-' {
		exp = -exp
	}
	digits = e[:1]
	if i > 2 {
		digits = append(digits, e[2:i]...)
	}
	return digits, exp + 1
}

func appendZeros(dst []byte, n int) []byte {
	for ; n > 0; n-- {
		dst = append(dst, '0')
	}
	return dst
}
