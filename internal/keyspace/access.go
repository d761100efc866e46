package keyspace

import (
	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/eviction"
)

// accessUnitNs is the resolution of the access clock in an entry: 4 ms, so that 32 bits span 198 days.
const accessUnitNs = 4_000_000

// accessClock is the instant in units of the access clock.
func accessClock(now clock.Instant) uint32 { return uint32(now.Mono / accessUnitNs) }

// unitsPerMinute converts idle time for the decay of the LFU counter.
const unitsPerMinute = 60_000_000_000 / accessUnitNs

// touch records an access: the clock for LRU, the logarithmic counter for LFU. Both are always kept, so that a policy
// chosen at run time finds meaningful figures in the keys that are there.
func (t *Txn) touch(en Entry) {
	e := en.e
	set := &t.ks.Settings
	freq := e.Freq()
	if idle := eviction.Idle(t.lru, e.Access()); idle >= unitsPerMinute {
		freq = eviction.Decay(freq, idle/unitsPerMinute, uint32(set.LFUDecayMinutes.Load()))
	}
	if freq != 255 {
		freq = eviction.Increment(freq, uint32(set.LFULogFactor.Load()), en.s.rnd.Uint64())
	}
	if freq != e.Freq() {
		e.SetFreq(freq)
	}
	if e.Access() != t.lru {
		e.SetAccess(t.lru)
	}
}

// Touch records an access to the entry (TOUCH).
func (t *Txn) Touch(en Entry) { t.touch(en) }

// IdleMs is the time since the entry was last accessed.
func (t *Txn) IdleMs(en Entry) int64 {
	return int64(eviction.Idle(t.lru, en.e.Access())) * (accessUnitNs / 1_000_000)
}

// Freq is the entry's LFU counter after decay, 0 to 255.
func (t *Txn) Freq(en Entry) uint8 {
	idle := eviction.Idle(t.lru, en.e.Access())
	return eviction.Decay(en.e.Freq(), idle/unitsPerMinute, uint32(t.ks.Settings.LFUDecayMinutes.Load()))
}
