package eviction

// scoreLRU: the longest unused goes first.
func scoreLRU(idle uint32, _ uint8, _ uint64) uint64 { return uint64(idle) }
