package keyspace

import (
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/store"
)

// accessClock is the instant as a stamp of the access clock in an entry.
func accessClock(now clock.Instant) uint32 { return eviction.AccessClock(now.Mono) }

// decayed is an entry's LFU counter as it is now.
func (t *Txn) decayed(e store.Entry) uint8 {
	return eviction.Decay(e.Freq(), eviction.IdleMinutes(t.lru, e.Access()), uint32(t.ks.Settings.LFUDecayMinutes.Load()))
}

// touch records an access: the clock for LRU, the logarithmic counter for LFU. Both are always kept, so that a policy
// chosen at run time finds meaningful figures in the keys that are there.
func (t *Txn) touch(en Entry) {
	e := en.e
	freq := eviction.Increment(t.decayed(e), uint32(t.ks.Settings.LFULogFactor.Load()), en.s.rnd.Uint64())
	if freq != e.Freq() {
		e.SetFreq(freq)
	}
	if e.Access() != t.lru {
		e.SetAccess(t.lru)
	}
}

// Touch records an access to the entry (TOUCH).
func (t *Txn) Touch(en Entry) {
	t.holds(en.s)
	t.touch(en)
}

// IdleMs is the time since the entry was last accessed.
func (t *Txn) IdleMs(en Entry) int64 {
	return int64(eviction.Idle(t.lru, en.e.Access())) * (eviction.UnitNs / int64(time.Millisecond))
}

// Freq is the entry's LFU counter after decay, 0 to 255.
func (t *Txn) Freq(en Entry) uint8 { return t.decayed(en.e) }
