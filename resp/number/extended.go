package number

import "math/bits"

// Extended is an x87 double-extended number, C's long double on x86-64: 64
// bits of mantissa, exponents from -16382 to 16383. The zero value is 0.
//
// A finite value is mant * 2^exp; mant has its top bit set unless it is zero
// or the number subnormal (exp == minExp).
type Extended struct {
	mant uint64
	exp  int32
	neg  bool
	kind kind
}

type kind uint8

const (
	finite kind = iota
	infinite
	notANumber
)

const (
	minExp = -16382 - 63
	maxExp = 16383 - 63
)

// IsFinite reports whether x is neither infinite nor NaN.
func (x Extended) IsFinite() bool { return x.kind == finite }

// ExtendedFromInt returns v, which always fits exactly.
func ExtendedFromInt(v int64) Extended {
	if v < 0 {
		return roundWide(true, -uint64(v), 0, false, -64)
	}
	return roundWide(false, uint64(v), 0, false, -64)
}

// Add returns x + y rounded to nearest, ties to even.
func (x Extended) Add(y Extended) Extended {
	if x.kind != finite || y.kind != finite {
		return addSpecial(x, y)
	}
	if x.mant == 0 && y.mant == 0 {
		return Extended{neg: x.neg && y.neg}
	}
	if x.mant == 0 {
		return y
	}
	if y.mant == 0 {
		return x
	}
	if x.exp < y.exp || x.exp == y.exp && x.mant < y.mant {
		x, y = y, x
	}
	// Subnormals share one exponent and normal mantissas have the top bit, so
	// |x| >= |y| from here on. Both stand as 128 bits over x's exponent - 64.
	hi, lo, sticky := shiftRight(y.mant, 0, uint(x.exp-y.exp))
	if x.neg == y.neg {
		lo, carry := bits.Add64(0, lo, 0)
		hi, carry = bits.Add64(x.mant, hi, carry)
		if carry == 0 {
			return roundWide(x.neg, hi, lo, sticky, int(x.exp)-64)
		}
		sticky = sticky || lo&1 != 0
		lo = lo>>1 | hi<<63
		return roundWide(x.neg, hi>>1|1<<63, lo, sticky, int(x.exp)-63)
	}
	borrow := uint64(0)
	if sticky {
		// x - (y + something below the last bit) lies just under x - y.
		borrow = 1
	}
	lo, borrow = bits.Sub64(0, lo, borrow)
	hi, _ = bits.Sub64(x.mant, hi, borrow)
	if hi|lo == 0 && !sticky {
		return Extended{}
	}
	return roundWide(x.neg, hi, lo, sticky, int(x.exp)-64)
}

func addSpecial(x, y Extended) Extended {
	switch {
	case x.kind == notANumber || y.kind == notANumber:
		return Extended{kind: notANumber}
	case x.kind == infinite && y.kind == infinite && x.neg != y.neg:
		return Extended{kind: notANumber}
	case x.kind == infinite:
		return x
	}
	return y
}

// roundWide rounds (hi<<64 + lo) * 2^exp to the nearest Extended, ties to
// even. sticky says that the exact value lies a little above.
func roundWide(neg bool, hi, lo uint64, sticky bool, exp int) Extended {
	if hi == 0 {
		hi, lo, exp = lo, 0, exp-64
	}
	if hi == 0 {
		return Extended{neg: neg}
	}
	s := uint(bits.LeadingZeros64(hi))
	hi, lo, exp = hi<<s|lo>>(64-s), lo<<s, exp-int(s)
	exp += 64 // from here on hi counts units and lo is its fraction
	if exp < minExp {
		var lost bool
		hi, lo, lost = shiftRight(hi, lo, uint(minExp-exp))
		sticky, exp = sticky || lost, minExp
	}
	const half = 1 << 63
	if lo > half || lo == half && (sticky || hi&1 != 0) {
		hi++
		if hi == 0 {
			hi, exp = half, exp+1
		}
	}
	if exp > maxExp {
		return Extended{neg: neg, kind: infinite}
	}
	if hi == 0 {
		return Extended{neg: neg}
	}
	return Extended{mant: hi, exp: int32(exp), neg: neg}
}

// shiftRight shifts 128 bits; lost says that a set bit fell off the end.
func shiftRight(hi, lo uint64, n uint) (h, l uint64, lost bool) {
	switch {
	case n == 0:
		return hi, lo, false
	case n < 64:
		return hi >> n, hi<<(64-n) | lo>>n, lo<<(64-n) != 0
	case n < 128:
		return 0, hi >> (n - 64), lo != 0 || hi<<(128-n) != 0
	}
	return 0, 0, hi|lo != 0
}
