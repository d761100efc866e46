package resp

import "math"

// Limits bounds what a request may hold. The zero value, and a nil *Limits,
// mean Redis's defaults.
type Limits struct {
	// MaxBulk is the longest argument in bytes (proto-max-bulk-len); 0 means
	// 512 MiB.
	MaxBulk int64
	// MaxArgs is the greatest number of arguments; 0 means 2^31-1. The count is
	// only announced: memory is taken as arguments arrive.
	MaxArgs int
	// MaxInline is the longest line in bytes: an inline request, or a count or
	// length with its prefix; 0 means 64 KiB.
	MaxInline int
	// Unauthenticated is for clients that have yet to log in: at most 10
	// arguments of at most 16384 bytes.
	Unauthenticated bool
}

const (
	defaultMaxBulk   = 512 << 20
	defaultMaxArgs   = math.MaxInt32
	defaultMaxInline = 64 << 10

	// hugeBulk keeps sums of a length and an offset within int.
	hugeBulk = math.MaxInt >> 1

	// What Redis allows before authentication: enough for AUTH and HELLO.
	anonymousArgs = 10
	anonymousBulk = 16384
)

func (l *Limits) maxBulk() int64 {
	if l == nil || l.MaxBulk == 0 {
		return defaultMaxBulk
	}
	return min(l.MaxBulk, hugeBulk)
}

func (l *Limits) maxArgs() int64 {
	if l == nil || l.MaxArgs == 0 {
		return defaultMaxArgs
	}
	return int64(l.MaxArgs)
}

func (l *Limits) maxInline() int {
	if l == nil || l.MaxInline == 0 {
		return defaultMaxInline
	}
	return l.MaxInline
}

func (l *Limits) anonymous() bool { return l != nil && l.Unauthenticated }

// strictest returns the limits that no request may exceed, whatever the
// reason: the fast path needs no more than that.
func (l *Limits) strictest() (args, bulk int64) {
	args, bulk = l.maxArgs(), l.maxBulk()
	if l.anonymous() {
		args, bulk = min(args, anonymousArgs), min(bulk, anonymousBulk)
	}
	return args, bulk
}
