package eviction

import "strings"

// Policy is one of Redis's maxmemory-policy values. The zero value evicts nothing.
type Policy uint8

const (
	NoEviction Policy = iota
	AllKeysLRU
	AllKeysLFU
	AllKeysRandom
	VolatileLRU
	VolatileLFU
	VolatileRandom
	VolatileTTL
	policies // their number
)

// scope is which keys a policy may evict.
type scope uint8

const (
	nothing  scope = iota
	allKeys        // every key
	volatile       // keys with a deadline only
)

// Use is what an entry is judged by: what its header tells, and when.
type Use struct {
	Now, Access  uint32 // on the access clock
	DecayMinutes uint32 // lfu-decay-time
	Freq         uint8  // the access counter as it was after the last access
	Lot          uint64 // a random number
}

// scorer is how a policy judges an entry: the higher the score, the sooner it goes.
type scorer func(Use) uint64

// table has a row for each policy.
var table = [policies]struct {
	name  string
	scope scope
	score scorer
}{
	NoEviction:     {"noeviction", nothing, scoreNone},
	AllKeysLRU:     {"allkeys-lru", allKeys, scoreLRU},
	AllKeysLFU:     {"allkeys-lfu", allKeys, scoreLFU},
	AllKeysRandom:  {"allkeys-random", allKeys, scoreRandom},
	VolatileLRU:    {"volatile-lru", volatile, scoreLRU},
	VolatileLFU:    {"volatile-lfu", volatile, scoreLFU},
	VolatileRandom: {"volatile-random", volatile, scoreRandom},
	VolatileTTL:    {"volatile-ttl", volatile, scoreNone},
}

// Parse finds a policy by its name, in any case.
func Parse(name string) (Policy, bool) {
	for p := range table {
		if strings.EqualFold(table[p].name, name) {
			return Policy(p), true
		}
	}
	return NoEviction, false
}

// Names are the names of all policies in Redis's order: those of keys with a deadline, of all keys, of none.
func Names() []string {
	names := make([]string, 0, policies)
	for _, s := range []scope{volatile, allKeys, nothing} {
		for p := range table {
			if table[p].scope == s {
				names = append(names, table[p].name)
			}
		}
	}
	return names
}

// String is the policy's name.
func (p Policy) String() string {
	if p >= policies {
		return "unknown"
	}
	return table[p].name
}

// AllKeys reports whether every key may be evicted.
func (p Policy) AllKeys() bool { return p < policies && table[p].scope == allKeys }

// Volatile reports whether only keys with a deadline may be evicted.
func (p Policy) Volatile() bool { return p < policies && table[p].scope == volatile }

// LRU reports whether the policy goes by idle time alone.
func (p Policy) LRU() bool { return p == AllKeysLRU || p == VolatileLRU }

// LFU reports whether the policy goes by the access counter: OBJECT FREQ is refused by Redis unless it does, OBJECT
// IDLETIME when it does.
func (p Policy) LFU() bool { return p == AllKeysLFU || p == VolatileLFU }

// Draws reports whether the policy goes by Use.Lot.
func (p Policy) Draws() bool { return p == AllKeysRandom || p == VolatileRandom }

// Score is how much the policy wants an entry gone. It is 0 for the policies that do not choose by samples: noeviction,
// and volatile-ttl, which asks the deadline index.
func (p Policy) Score(u Use) uint64 { return table[p].score(u) }

// Used reports whether an entry was used since it was sampled, going by its score then and now: it should be offered again
// with what it has now, not evicted. Idle time only grows and counters only decay, so a score falls for no other reason.
func (p Policy) Used(then, now uint64) bool { return now < then && (p.LRU() || p.LFU()) }

// Samples is how many entries to look at for each key that is to go, among so many keys. The simulation test pins what it
// gives: less than 0.2 points of hit ratio below the exact policy. In a small cache the least of a few is too often a key
// that matters.
func Samples(keys int) int {
	switch {
	case keys < smallCache:
		return 4 * samples
	case keys < mediumCache:
		return 2 * samples
	}
	return samples
}

const (
	samples     = 8
	smallCache  = 256
	mediumCache = 4096
)

// Round is how many keys at most go for samples that were drawn together. Together they cost little more than one by one
// cost the first, for the memory that they are in is waited for once; more would come from too far down the ranking.
const Round = 8

// scoreNone is for policies that do not sample.
func scoreNone(Use) uint64 { return 0 }
