package eviction

const (
	// UnitNs is the resolution of the access clock, in ns of the monotonic timeline.
	UnitNs = 4_000_000
	// UnitsPerMinute converts idle time to minutes.
	UnitsPerMinute = 60_000_000_000 / UnitNs

	// ahead is how far an access may lie in the future of now. Each core reads the clock for itself, so a stamp can be
	// a little newer than another core's now; without this it would look 198 days old and its key would be evicted first.
	ahead = 1 << 16
)

// AccessClock is a monotonic time in ns as a stamp.
func AccessClock(monoNs int64) uint32 { return uint32(monoNs / UnitNs) }

// Idle is the number of units since an access. The clock wraps after 198 days; a key idle for longer looks younger than it
// is, which harms nobody.
func Idle(now, access uint32) uint32 {
	idle := now - access
	if idle > ^uint32(0)-ahead {
		return 0
	}
	return idle
}

// IdleMinutes is how often the minute hand of the access clock has moved since an access. Decay wants this, not the idle
// time in whole minutes: each access renews the stamp, so a key used every 50 seconds would never be idle for a minute and
// its counter would never decay.
func IdleMinutes(now, access uint32) uint32 {
	return uint32((uint64(access%UnitsPerMinute) + uint64(Idle(now, access))) / UnitsPerMinute)
}
