package eviction

// scoreRandom: any goes. The score is the entry's lot.
func scoreRandom(_ uint32, _ uint8, rnd uint64) uint64 { return rnd }
