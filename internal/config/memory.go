package config

import (
	"math"
	"strconv"
	"strings"
)

// memoryUnits are Redis's, and the t and tb that its next step would be: a unit
// with a b counts in powers of 1024, without it in powers of 1000.
var memoryUnits = []struct {
	name string
	size uint64
}{
	{"", 1}, {"b", 1},
	{"k", 1e3}, {"kb", 1 << 10},
	{"m", 1e6}, {"mb", 1 << 20},
	{"g", 1e9}, {"gb", 1 << 30},
	{"t", 1e12}, {"tb", 1 << 40},
}

// ParseMemory reads a number of bytes with an optional unit in any case: b, k,
// kb, m, mb, g, gb, t, tb. The empty string is zero, as in Redis; a number that
// does not fit 63 bits is refused, where Redis would silently take another one.
func ParseMemory(s string) (int64, bool) {
	if s == "" {
		return 0, true
	}
	digits := 0
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	n, err := strconv.ParseUint(s[:digits], 10, 63)
	if err != nil {
		return 0, false
	}
	unit := s[digits:]
	for _, u := range memoryUnits {
		if strings.EqualFold(unit, u.name) {
			if n > math.MaxInt64/u.size {
				return 0, false
			}
			return int64(n * u.size), true
		}
	}
	return 0, false
}

// FormatMemory writes n bytes in the largest binary unit of a redis.conf that
// divides it.
func FormatMemory(n int64) string {
	switch {
	case n == 0:
		return "0"
	case n%(1<<30) == 0:
		return strconv.FormatInt(n>>30, 10) + "gb"
	case n%(1<<20) == 0:
		return strconv.FormatInt(n>>20, 10) + "mb"
	case n%(1<<10) == 0:
		return strconv.FormatInt(n>>10, 10) + "kb"
	}
	return strconv.FormatInt(n, 10)
}
