package eviction

// scoreLRU: the longest unused goes first.
func scoreLRU(u Use) uint64 { return uint64(Idle(u.Now, u.Access)) }
