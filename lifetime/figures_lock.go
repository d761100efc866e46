package lifetime

// What happens to locks, as it is counted.
const (
	lockAcquired = "acquired"
	lockBusy     = "busy" // somebody else held it
	lockExtended = "extended"
	lockReleased = "released"
	lockLost     = "lost"
	lockMaxHold  = "max_hold"
	lockError    = "error"
)

var (
	lockTotal = counter("lifetime_lock_total", "What happened to locks.", "result",
		lockAcquired, lockBusy, lockExtended, lockReleased, lockLost, lockMaxHold, lockError)
	lockHoldSeconds = &Figure{
		Name: "lifetime_lock_hold_seconds", Help: "How long locks were held, until released or lost.",
		Kind: Histogram, Series: []Labels{{}}, Buckets: buckets(0.005, 3, 12),
	}

	lockFigures = []*Figure{lockTotal, lockHoldSeconds}
)
