package number

import "math"

// maxIntLen is the longest text of an int64: 19 digits and a sign.
const maxIntLen = 20

// ParseInt64 reads b as a decimal int64 in the one spelling that Redis takes
// for integers: no space, no plus sign, no leading zero, no "-0". So two equal
// numbers always have equal bytes, which integer encodings rely on.
func ParseInt64(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > maxIntLen {
		return 0, false
	}
	neg := b[0] == '-'
	digits := b
	if neg {
		digits = b[1:]
	}
	u, ok := parseCanonical(digits)
	if !ok {
		return 0, false
	}
	if neg {
		if u == 0 || u > -math.MinInt64 {
			return 0, false
		}
		return -int64(u), true
	}
	if u > math.MaxInt64 {
		return 0, false
	}
	return int64(u), true
}

// ParseUint64 is ParseInt64 for uint64: digits only.
func ParseUint64(b []byte) (uint64, bool) {
	if len(b) > maxIntLen {
		return 0, false
	}
	return parseCanonical(b)
}

// parseCanonical reads at most 20 digits without a leading zero.
func parseCanonical(digits []byte) (uint64, bool) {
	if len(digits) == 0 {
		return 0, false
	}
	u := uint64(digits[0] - '0')
	if u > 9 || u == 0 && len(digits) > 1 {
		return 0, false
	}
	for _, c := range digits[1:] {
		d := uint64(c - '0')
		if d > 9 {
			return 0, false
		}
		if u > math.MaxUint64/10 || u*10 > math.MaxUint64-d {
			return 0, false
		}
		u = u*10 + d
	}
	return u, true
}
