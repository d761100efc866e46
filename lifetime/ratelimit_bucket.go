package lifetime

import (
	"fmt"
	"strconv"
	"strings"
)

// bucket is a leaky bucket in whole numbers. Its content is counted in requests times microseconds of Per, so that rates
// that do not divide a second lose nothing: a request adds cost, which is Per in µs, and a µs drains rate, which is
// Requests.
type bucket struct {
	rate, cost, size int64
}

// longestLevel is the highest content: half of what a script's numbers, which are floating point, count exactly, so that
// the sum of two is exact too.
const longestLevel = 1 << 52

// bucketFill is a bucket's content at a time, by the server's clock in µs.
type bucketFill struct{ level, at int64 }

// decision is what becomes of a request.
type decision struct {
	allowed bool
	write   bool  // the bucket is to be stored, with this level and the present time
	level   int64 // afterwards
	wait    int64 // µs until it would be allowed
}

// drained returns in how many µs a content has gone, rounded up.
func (b bucket) drained(level int64) int64 { return (level + b.rate - 1) / b.rate }

// spend is what the script computes.
func (b bucket) spend(f bucketFill, now, cost int64) decision {
	level := f.level
	elapsed := now - f.at
	if elapsed > 0 {
		if elapsed >= b.drained(level) {
			level = 0
		} else {
			level -= elapsed * b.rate
		}
	}
	if over := level + cost - b.size; over > 0 {
		// After a server's clock was set back, the bucket drains from there on, not when the clock has come back.
		return decision{level: level, wait: b.drained(over), write: elapsed < 0}
	}
	return decision{allowed: true, level: level + cost, write: true}
}

// parseFill reads a stored bucket: "level at". What cannot be read is an empty bucket, and will be overwritten.
func (b bucket) parseFill(stored string) bucketFill {
	left, right, _ := strings.Cut(stored, " ")
	level, err := strconv.ParseInt(left, 10, 64)
	at, err2 := strconv.ParseInt(right, 10, 64)
	if err != nil || err2 != nil || level < 0 || at < 0 || at > longestFence {
		return bucketFill{}
	}
	// The limit may have been larger when it was stored.
	return bucketFill{min(level, b.size), at}
}

func (f bucketFill) String() string { return fmt.Sprintf("%d %d", f.level, f.at) }
