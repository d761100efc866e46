package eviction

import "math"

// InitialFreq is the access counter of a new key: not 0, so that it is given the time to be used again before it is the
// least used of all.
const InitialFreq = 5

// scoreLFU: the least often used goes first; of those used equally often, the longest unused.
func scoreLFU(u Use) uint64 {
	freq := Decay(u.Freq, IdleMinutes(u.Now, u.Access), u.DecayMinutes)
	return uint64(math.MaxUint8-freq)<<32 | uint64(Idle(u.Now, u.Access))
}

// Increment is the access counter after an access. It counts logarithmically: at n it goes up with a probability of
// 1/((n-InitialFreq)*logFactor+1), so 8 bits reach from one access to millions. rnd is a uniform random number.
func Increment(freq uint8, logFactor uint32, rnd uint64) uint8 {
	if freq == math.MaxUint8 {
		return freq
	}
	above := uint64(0)
	if freq > InitialFreq {
		above = uint64(freq - InitialFreq)
	}
	// rnd's upper half is below 2^32/(odds) with a probability of 1/odds.
	if odds := above*uint64(logFactor) + 1; (rnd>>32)*odds < 1<<32 {
		freq++
	}
	return freq
}

// Decay is the access counter after some minutes without an access: one less for every decayMinutes. 0 stands for no decay.
func Decay(freq uint8, idleMinutes, decayMinutes uint32) uint8 {
	if decayMinutes == 0 {
		return freq
	}
	periods := idleMinutes / decayMinutes
	if periods >= uint32(freq) {
		return 0
	}
	return freq - uint8(periods)
}
