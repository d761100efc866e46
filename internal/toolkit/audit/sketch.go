package audit

import (
	"maps"
	"math"
	"slices"
)

// growth is the ratio of neighbouring bounds of a sketch: what it answers is within 2% of the truth.
const growth = 1.04

// sketch is a histogram with logarithmic bars, from which quantiles are read (the idea of DDSketch, Masson, Rim and Lee,
// VLDB 2019). Sketches add up exactly. Bar i has what is above growth^(i-1) and not above growth^i; values below 1 are in
// bar 0.
type sketch map[int]float64

func (s *sketch) add(x, weight float64) {
	if *s == nil {
		*s = sketch{}
	}
	i := 0
	if x > 1 {
		i = int(math.Ceil(math.Log(x) / math.Log(growth)))
	}
	(*s)[i] += weight
}

func (s *sketch) merge(from sketch) {
	if *s == nil && len(from) > 0 {
		*s = sketch{}
	}
	for i, weight := range from {
		(*s)[i] += weight
	}
}

// quantile returns the value below which the share q lies; ok is false when nothing was added.
func (s sketch) quantile(q float64) (x float64, ok bool) {
	bars := slices.Sorted(maps.Keys(s))
	total := 0.0
	for _, i := range bars {
		total += s[i]
	}
	sum := 0.0
	for _, i := range bars {
		sum += s[i]
		if sum >= q*total {
			if i == 0 {
				return 0, true
			}
			// The value that is equally far, in ratio, from both ends.
			return 2 * math.Pow(growth, float64(i)) / (1 + growth), true
		}
	}
	return 0, false
}
