package lifetime

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"time"
)

// Jitter spreads TTLs, so that keys that were written together do not expire together. It is symmetric: a TTL is made
// shorter as often as longer, and its mean stays what was asked for. The zero value changes nothing.
type Jitter struct {
	// Percent is how far a TTL may move each way: 10 makes an hour 54 to 66 minutes. 0 to 100.
	Percent float64

	// PerKey derives the move from the key instead of from chance: a key gets the same TTL each time and in each
	// process, so that what several replicas of a program write agrees.
	PerKey bool

	// Seed gives other moves to the same keys, for instance one seed in each region.
	Seed uint64
}

func (j Jitter) check() error {
	if math.IsNaN(j.Percent) || j.Percent < 0 || j.Percent > 100 {
		return fmt.Errorf("jitter of %v%%: want 0 to 100", j.Percent)
	}
	return nil
}

// TTL returns the TTL of the key: whole milliseconds, which is how servers count, at least 1 ms, and within Percent of
// ttl rounded to a millisecond. All values in there are equally likely. A Percent that is out of range counts as the
// nearest that is not.
func (j Jitter) TTL(ttl time.Duration, key string) time.Duration {
	ms := max(1, ttl.Round(time.Millisecond).Milliseconds())
	spread := j.spread(ms)
	if spread > 0 {
		ms += int64(j.below(uint64(2*spread+1), key)) - spread
	}
	// The sum can pass the longest Duration, 292 years.
	return time.Duration(min(max(1, ms), math.MaxInt64/int64(time.Millisecond))) * time.Millisecond
}

// spread is how many milliseconds a TTL may move each way.
func (j Jitter) spread(ms int64) int64 {
	percent := j.Percent
	if math.IsNaN(percent) {
		return 0
	}
	return int64(float64(ms) * min(max(percent, 0), 100) / 100)
}

// below returns a number in [0, n).
func (j Jitter) below(n uint64, key string) uint64 {
	if !j.PerKey {
		return rand.Uint64N(n)
	}
	high, _ := bits.Mul64(hashOf(key, j.Seed), n)
	return high
}

// hashOf is FNV-1a, and a final mix because FNV leaves the upper bits of short keys alike
// (the mix is splitmix64's: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
func hashOf(key string, seed uint64) uint64 {
	h := uint64(14695981039346656037) ^ seed
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
}
