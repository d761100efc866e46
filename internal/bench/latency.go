package bench

import (
	"slices"
	"time"
)

// wait is how long one request took, and when it was due.
type wait struct {
	due  instant
	took time.Duration
}

// waits is a series of requests in order of time.
type waits []wait

// between returns the requests that were due in [from, to).
func (w waits) between(from, to instant) waits {
	byDue := func(x wait, t instant) int { return int(x.due - t) }
	i, _ := slices.BinarySearchFunc(w, from, byDue)
	j, _ := slices.BinarySearchFunc(w, to, byDue)
	return w[i:max(i, j)]
}

// distribution is a series in order of size.
type distribution []time.Duration

func (w waits) distribution() distribution {
	d := make(distribution, len(w))
	for i, x := range w {
		d[i] = x.took
	}
	slices.Sort(d)
	return d
}

// quantile returns the smallest value that at least the share q of the series does not exceed; 0 if there is none.
func (d distribution) quantile(q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	rank := int(q * float64(len(d)))
	if float64(rank) < q*float64(len(d)) {
		rank++
	}
	return d[min(max(rank, 1), len(d))-1]
}

func (d distribution) max() time.Duration { return d.quantile(1) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// median returns the middle of values, or the mean of the two in the middle.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
