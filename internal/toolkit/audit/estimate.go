package audit

import "math"

// stratum is a part of the keys of which the size is known and from which keys were drawn evenly: those of one keyspace
// with a TTL, or those without, both of which INFO counts. What the sample says of a stratum is scaled to its size, so that
// chance cannot put the parts out of proportion (post-stratification).
type stratum struct {
	size  float64 // keys that there are
	drawn float64 // different keys that were looked at
}

// weight is how many keys one that was drawn stands for.
func (s stratum) weight() float64 {
	if s.drawn == 0 {
		return 0
	}
	return max(1, s.size/s.drawn)
}

// left is the share of the stratum that was not looked at: what is known of it is guessed.
func (s stratum) left() float64 {
	if s.size <= 0 || s.drawn >= s.size {
		return 0
	}
	return 1 - s.drawn/s.size
}

// wilson is the interval of a share of which k were found (Wilson, 1927), for a sample that is a good part of all. It is good
// for few and none as well, where the usual normal interval says that nothing means none.
func (s stratum) wilson(k float64) (low, high float64) {
	p := k / s.drawn
	if s.left() == 0 {
		return p, p
	}
	n := s.drawn / s.left()
	center := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, center-half), min(1, center+half)
}

// tally is what was seen of a row in a stratum.
type tally struct{ keys, bytes, squares float64 }

func (t *tally) add(r *Record) {
	t.keys++
	b := float64(max(0, r.Bytes))
	t.bytes += b
	t.squares += b * b
}

// estimateKeys adds up the strata. The limits are combined by the distances from the estimates (MOVER; Zou and Donner,
// Statistics in Medicine 2008), which keeps their lopsidedness.
func estimateKeys(strata []stratum, seen []tally) Estimate {
	e, below, above, least, most := Estimate{}, 0.0, 0.0, 0.0, 0.0
	for i, s := range strata {
		if s.drawn == 0 {
			continue
		}
		size := s.weight() * s.drawn
		k := seen[i].keys
		low, high := s.wilson(k)
		p := k / s.drawn
		e.Value += size * p
		below += square(size * (p - low))
		above += square(size * (high - p))
		least += k
		most += size - (s.drawn - k) // those seen to be of other rows are not of this
	}
	e.Low = min(e.Value, max(least, e.Value-math.Sqrt(below)))
	e.High = max(e.Value, min(most, e.Value+math.Sqrt(above)))
	return e
}

// estimateBytes adds up the means of the strata, a key of another row counting as 0 bytes.
func estimateBytes(strata []stratum, seen []tally) Estimate {
	e, variance, least := Estimate{}, 0.0, 0.0
	for i, s := range strata {
		if s.drawn == 0 {
			continue
		}
		size := s.weight() * s.drawn
		mean := seen[i].bytes / s.drawn
		e.Value += size * mean
		least += seen[i].bytes
		spread := mean * mean // of a single key nothing is seen; sizes are about as far apart as they are big
		if s.drawn > 1 {
			spread = max(0, seen[i].squares-s.drawn*mean*mean) / (s.drawn - 1)
		}
		variance += size * size * s.left() * spread / s.drawn
	}
	half := z * math.Sqrt(variance)
	e.Low, e.High = min(e.Value, max(least, e.Value-half)), e.Value+half
	return e
}

func square(x float64) float64 { return x * x }
