package metrics

import (
	"math"
	"math/bits"
	"sync/atomic"
)

// A Histogram's buckets: up to 2^subBits every nanosecond has its own; above,
// each power of two is cut into 2^subBits equal ones. So a bucket is never
// wider than 1/32 of its values (3.1%). Values from 2^maxBits ns (18 minutes) on
// are counted in the last bucket; Max and Sum stay exact.
const (
	subBits    = 5
	subBuckets = 1 << subBits
	maxBits    = 40
	buckets    = (maxBits - subBits + 1) * subBuckets
)

// Histogram counts durations in nanoseconds in 9 KiB, whatever their number and
// range. All methods may be called from anywhere; a reader that runs beside
// Records sees each of them wholly or not yet in each figure.
type Histogram struct {
	sum, max atomic.Int64
	counts   [buckets]atomic.Int64
}

// NewHistogram returns an empty histogram.
func NewHistogram() *Histogram { return new(Histogram) }

// Record counts one duration. A negative one counts as zero: it is a clock's
// error, and dropping it would make the count wrong.
func (h *Histogram) Record(ns int64) { h.RecordN(ns, 1) }

// RecordN counts n times the same duration.
func (h *Histogram) RecordN(ns, n int64) {
	ns = max(ns, 0)
	h.raiseMax(ns) // first: a counted duration must not exceed Max
	h.sum.Add(n * ns)
	h.counts[bucketOf(ns)].Add(n)
}

func (h *Histogram) raiseMax(ns int64) {
	for {
		old := h.max.Load()
		if ns <= old || h.max.CompareAndSwap(old, ns) {
			return
		}
	}
}

func bucketOf(ns int64) int {
	if ns < subBuckets {
		return int(ns)
	}
	exp := bits.Len64(uint64(ns)) - 1 // at least subBits
	if exp >= maxBits {
		return buckets - 1
	}
	sub := int(ns>>(exp-subBits)) & (subBuckets - 1)
	return (exp-subBits+1)*subBuckets + sub
}

// upper is the largest value that bucket i counts.
func upper(i int) int64 {
	if i < subBuckets {
		return int64(i)
	}
	if i == buckets-1 {
		return math.MaxInt64
	}
	shift := i/subBuckets - 1
	return int64(subBuckets+i%subBuckets+1)<<shift - 1
}

// Count returns how many durations were recorded.
func (h *Histogram) Count() int64 {
	var n int64
	for i := range h.counts {
		n += h.counts[i].Load()
	}
	return n
}

// Sum returns the sum of all durations in ns.
func (h *Histogram) Sum() int64 { return h.sum.Load() }

// Max returns the longest duration in ns, exactly.
func (h *Histogram) Max() int64 { return h.max.Load() }

// Percentile returns a duration in ns that p percent of the recorded ones do not
// exceed: the upper end of the bucket where that is reached, at most Max. It is
// 0 when nothing was recorded.
func (h *Histogram) Percentile(p float64) int64 {
	var counts [buckets]int64 // one reading, so that rank and scan agree
	var n int64
	for i := range h.counts {
		counts[i] = h.counts[i].Load()
		n += counts[i]
	}
	if n == 0 {
		return 0
	}
	rank := int64(math.Ceil(min(max(p, 0), 100) / 100 * float64(n)))
	rank = max(rank, 1)
	last := 0
	for i, c := range counts {
		if c == 0 {
			continue
		}
		last = i
		if rank -= c; rank <= 0 {
			break
		}
	}
	return min(upper(last), h.max.Load())
}

// Each calls fn for every bucket that has counted something, in rising order,
// with the largest value of the bucket. The last bucket of all has none and
// gives the greatest int64.
func (h *Histogram) Each(fn func(upperNs, count int64)) {
	for i := range h.counts {
		if n := h.counts[i].Load(); n > 0 {
			fn(upper(i), n)
		}
	}
}

// Merge adds what other has recorded.
func (h *Histogram) Merge(other *Histogram) {
	for i := range other.counts {
		if n := other.counts[i].Load(); n > 0 {
			h.counts[i].Add(n)
		}
	}
	h.sum.Add(other.sum.Load())
	h.raiseMax(other.max.Load())
}

// Reset forgets everything. Records that run meanwhile may be counted in part.
func (h *Histogram) Reset() {
	for i := range h.counts {
		h.counts[i].Store(0)
	}
	h.sum.Store(0)
	h.max.Store(0)
}
