package number

import (
	"math/big"
	"math/bits"
	"strconv"
)

// maxExtendedText is the longest text that ParseExtended takes, in bytes: the
// size of the buffer in which Redis parses, less its NUL.
const maxExtendedText = 5*1024 - 1

// farExponent bounds decimal exponents: 10^±farExponent is out of range for
// Extended by a wide margin, so larger work is never begun.
const farExponent = 6000

// pow5 holds the powers of five that fit in 64 bits.
var pow5 = func() (t [28]uint64) {
	t[0] = 1
	for i := 1; i < len(t); i++ {
		t[i] = t[i-1] * 5
	}
	return t
}()

// ParseExtended reads b as C's strtold does, with ParseFloat's refusals.
func ParseExtended(b []byte) (Extended, bool) {
	if len(b) > maxExtendedText {
		return Extended{}, false
	}
	lit, ok := scanLiteral(b)
	if !ok {
		return Extended{}, false
	}
	if lit.inf {
		return Extended{neg: lit.neg, kind: infinite}, true
	}
	if lit.mant == 0 {
		return Extended{neg: lit.neg}, true
	}
	x := lit.extended()
	return x, x.kind == finite && x.mant != 0
}

// extended converts a finite, non-zero literal.
func (lit *literal) extended() Extended {
	far := Extended{neg: lit.neg, kind: infinite}
	switch {
	case lit.hex && !lit.more:
		// exp may be far out of an int32; a few thousand more decide nothing.
		return roundWide(lit.neg, lit.mant, 0, false, clamp(lit.exp, 20000)-64)
	case lit.hex:
		return lit.extendedHex()
	case lit.exp > farExponent:
		return far
	case lit.exp < -farExponent-maxExtendedText:
		return Extended{neg: lit.neg}
	case lit.more:
		return lit.extendedBig()
	case lit.exp >= 0 && lit.exp < len(pow5):
		hi, lo := bits.Mul64(lit.mant, pow5[lit.exp])
		return roundWide(lit.neg, hi, lo, false, lit.exp)
	case lit.exp < 0 && -lit.exp < len(pow5):
		return divide(lit.neg, lit.mant, pow5[-lit.exp], lit.exp)
	}
	return lit.extendedBig()
}

// divide returns num / den * 2^exp, rounded.
func divide(neg bool, num, den uint64, exp int) Extended {
	n, d := bits.LeadingZeros64(num), bits.LeadingZeros64(den)
	num, den = num<<n, den<<d
	exp += d - n
	hi, lo := num, uint64(0)
	if hi >= den { // Div64 needs a quotient of 64 bits
		hi, lo, exp = num>>1, num<<63, exp+1
	}
	q1, rem := bits.Div64(hi, lo, den)
	q2, rem := bits.Div64(rem, 0, den)
	return roundWide(neg, q1, q2, rem != 0, exp-128)
}

// extendedBig converts decimal literals of any length and exponent.
func (lit *literal) extendedBig() Extended {
	num, fraction := lit.integer(10)
	exp := lit.written - fraction
	if exp >= 0 {
		num.Mul(num, fivePower(exp))
		return roundBig(lit.neg, num, false, exp)
	}
	den := fivePower(-exp)
	shift := max(0, den.BitLen()-num.BitLen()+130)
	num.Lsh(num, uint(shift))
	rem := new(big.Int)
	num.QuoRem(num, den, rem)
	return roundBig(lit.neg, num, rem.Sign() != 0, exp-shift)
}

// extendedHex converts hex literals with more than 16 digits.
func (lit *literal) extendedHex() Extended {
	num, fraction := lit.integer(16)
	return roundBig(lit.neg, num, false, clamp(lit.written, 1<<17)-4*fraction)
}

// integer returns the digits as one integer, the point taken out, and the
// number of digits that stood behind it.
func (lit *literal) integer(base int) (num *big.Int, fraction int) {
	text := make([]byte, 0, len(lit.digits))
	point := -1
	for _, c := range lit.digits {
		if c == '.' {
			point = len(text)
			continue
		}
		text = append(text, c)
	}
	if point >= 0 {
		fraction = len(text) - point
	}
	num, _ = new(big.Int).SetString(string(text), base)
	return num, fraction
}

// roundBig rounds num * 2^exp; sticky as in roundWide.
func roundBig(neg bool, num *big.Int, sticky bool, exp int) Extended {
	if excess := num.BitLen() - 128; excess > 0 {
		sticky = sticky || num.TrailingZeroBits() < uint(excess)
		num.Rsh(num, uint(excess))
		exp += excess
	}
	var wide [16]byte
	num.FillBytes(wide[:])
	hi, lo := uint64(0), uint64(0)
	for i := range 8 {
		hi, lo = hi<<8|uint64(wide[i]), lo<<8|uint64(wide[8+i])
	}
	return roundWide(neg, hi, lo, sticky, exp)
}

func fivePower(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(5), big.NewInt(int64(n)), nil)
}

func clamp(v, limit int) int { return max(-limit, min(limit, v)) }

// humanDigits is the number of digits after the point that Redis prints
// before it trims zeros.
const humanDigits = 17

const tenToHuman = 100_000_000_000_000_000

// Append appends x as INCRBYFLOAT answers it: plain decimal notation, 17
// digits after the point rounded half to even, without trailing zeros; what
// rounds to zero is "0" without a sign.
func (x Extended) Append(dst []byte) []byte {
	switch x.kind {
	case notANumber:
		return append(dst, "nan"...)
	case infinite:
		if x.neg {
			dst = append(dst, '-')
		}
		return append(dst, "inf"...)
	}
	if x.exp > 0 {
		return x.appendHuge(dst)
	}
	whole, frac := x.split()
	if whole|frac == 0 {
		return append(dst, '0')
	}
	if x.neg {
		dst = append(dst, '-')
	}
	dst = strconv.AppendUint(dst, whole, 10)
	return appendFraction(dst, frac)
}

// appendHuge appends integers of more than 64 bits, exact to the last digit.
func (x Extended) appendHuge(dst []byte) []byte {
	if x.neg {
		dst = append(dst, '-')
	}
	num := new(big.Int).SetUint64(x.mant)
	return num.Lsh(num, uint(x.exp)).Append(dst, 10)
}

// split returns the magnitude of x, exp <= 0, as a whole part and units of
// 10^-17.
func (x Extended) split() (whole, frac uint64) {
	n := uint(-x.exp)
	rest := x.mant
	if n < 64 {
		whole = x.mant >> n
		rest = x.mant & (1<<n - 1)
	}
	hi, lo := bits.Mul64(rest, tenToHuman) // < 2^121
	if n > 122 {
		return 0, 0
	}
	frac, rest, exact := divPow2(hi, lo, n)
	if rest > 1<<63 || rest == 1<<63 && (!exact || frac&1 != 0) {
		frac++
	}
	if frac == tenToHuman {
		return whole + 1, 0
	}
	return whole, frac
}

// divPow2 returns hi:lo / 2^n and the remainder as a 64-bit fraction of 2^n;
// exact says that no bit of the remainder lies below the fraction's last.
func divPow2(hi, lo uint64, n uint) (q, rest uint64, exact bool) {
	switch {
	case n == 0:
		return lo, 0, true
	case n < 64:
		return hi<<(64-n) | lo>>n, lo << (64 - n), true
	case n == 64:
		return hi, lo, true
	case n < 128:
		m := n - 64
		return hi >> m, hi<<(64-m) | lo>>m, lo<<(64-m) == 0
	}
	return 0, 0, hi|lo == 0
}

// appendFraction appends the point and 17 digits, less the trailing zeros.
func appendFraction(dst []byte, frac uint64) []byte {
	if frac == 0 {
		return dst
	}
	n := humanDigits
	for frac%10 == 0 {
		frac /= 10
		n--
	}
	var digits [humanDigits]byte
	for i := n - 1; i >= 0; i-- {
		digits[i] = byte('0' + frac%10)
		frac /= 10
	}
	dst = append(dst, '.')
	return append(dst, digits[:n]...)
}
