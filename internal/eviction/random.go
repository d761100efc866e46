package eviction

// scoreRandom: any goes. The score is the entry's lot.
func scoreRandom(u Use) uint64 { return u.Lot }
