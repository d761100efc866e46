package keyspace

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/store"
)

const (
	// evictSamples is how many entries are looked at for each key evicted, spread over evictShards shards. With the pool
	// that keeps the best of them, it reaches the hit ratio of the exact policy (see eviction's simulation test).
	evictSamples = 16
	evictShards  = 4
	// evictBatch is how many keys are evicted between two looks at the memory in use.
	evictBatch = 8
)

// evictor chooses victims over all shards. Its lock is taken before any shard's.
type evictor struct {
	policy atomic.Uint32 // eviction.Policy

	mu     sync.Mutex
	pool   *eviction.Pool
	pooled eviction.Policy // the policy whose scores the pool holds
	rnd    *rand.PCG
	next   int // the shard to sample next
}

func (v *evictor) init() {
	v.pool = eviction.NewPool()
	v.rnd = rand.NewPCG(rand.Uint64(), rand.Uint64())
}

// SetPolicy switches the eviction policy; the keys that are there are judged by the new one at once.
func (k *Keyspace) SetPolicy(p eviction.Policy) {
	k.evictor.policy.Store(uint32(p))
}

// Policy is the eviction policy in force.
func (k *Keyspace) Policy() eviction.Policy { return eviction.Policy(k.evictor.policy.Load()) }

// Over is by how many bytes Used plus need exceeds maxmemory; at most 0 when it fits or there is no limit.
func (k *Keyspace) Over(need int64) int64 {
	limit := k.Settings.MaxMemory.Load()
	if limit <= 0 {
		return 0
	}
	return k.Used() + need - limit
}

// MakeRoom frees memory until need more bytes fit under maxmemory: expired keys first, then what the policy chooses. It
// reports whether they fit. No shard may be locked by the caller.
func (t *Txn) MakeRoom(now clock.Instant, need int64, c clock.Clock) bool {
	k := t.ks
	if k.Over(need) <= 0 {
		return true
	}
	began := c.Mono()
	defer func() { k.EvictionLag.Record(c.Mono() - began) }()
	for shard := range k.shards {
		for t.ExpireSlice(shard, now, time.Millisecond, c) {
		}
		for t.DrainSlice(shard, time.Millisecond, c) {
		}
	}
	v := &k.evictor
	v.mu.Lock()
	defer v.mu.Unlock()
	for k.Over(need) > 0 {
		if k.Policy() == eviction.NoEviction {
			return false
		}
		for range evictBatch {
			if !t.evictOne(now) {
				return k.Over(need) <= 0
			}
			if k.Over(need) <= 0 {
				return true
			}
		}
	}
	return true
}

// evictOne removes the key that the policy likes least; false: there is none to remove.
func (t *Txn) evictOne(now clock.Instant) bool {
	switch p := t.ks.Policy(); {
	case p == eviction.VolatileTTL:
		return t.evictNearest(now)
	default:
		return t.evictSampled(now, p)
	}
}

// evictSampled fills the pool with fresh samples and evicts its best candidate that is still there.
func (t *Txn) evictSampled(now clock.Instant, p eviction.Policy) bool {
	k, v := t.ks, &t.ks.evictor
	if v.pooled != p {
		v.pool.Clear()
		v.pooled = p
	}
	seen := 0
	for tried := 0; tried < len(k.shards) && seen < evictSamples; tried++ {
		seen += t.sample(now, p, k.shards[v.next], max(1, evictSamples/evictShards))
		v.next = (v.next + 1) % len(k.shards)
	}
	for {
		c, ok := v.pool.Best()
		if !ok {
			return false
		}
		if t.evictKey(now, c, p) {
			return true
		}
	}
}

// sample offers up to n entries of each of a shard's databases to the pool and returns how many there were.
func (t *Txn) sample(now clock.Instant, p eviction.Policy, s *shard, n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Begin(now, 0, 0, true)
	seen := 0
	for db, d := range s.dbs {
		if d == nil {
			continue
		}
		d.table.Sample(t.ks.evictor.rnd.Uint64(), n, p.Volatile(), func(h store.Handle) {
			e := s.arena.Entry(h)
			seen++
			t.ks.evictor.pool.Offer(t.score(p, e), s.index, db, 0, e.Key())
		})
	}
	return seen
}

// score is how much the policy wants an entry gone.
func (t *Txn) score(p eviction.Policy, e store.Entry) uint64 {
	idle := eviction.Idle(t.lru, e.Access())
	freq := eviction.Decay(e.Freq(), idle/unitsPerMinute, uint32(t.ks.Settings.LFUDecayMinutes.Load()))
	return p.Score(idle, freq, t.ks.evictor.rnd.Uint64())
}

// evictKey removes a candidate if it is still there and still allowed to go.
func (t *Txn) evictKey(now clock.Instant, c eviction.Candidate, p eviction.Policy) bool {
	s := t.ks.shards[c.Shard]
	s.mu.Lock()
	t.locked = 1 << c.Shard
	t.Begin(now, c.DB, 0, true)
	defer t.Unlock()
	en, ok := t.find(c.DB, c.Key)
	if !ok || p.Volatile() && !en.e.HasDeadline() {
		return false
	}
	t.evict(en)
	return true
}

// evictNearest removes the key with the nearest deadline of all, exactly.
func (t *Txn) evictNearest(now clock.Instant) bool {
	best, left := -1, int64(0)
	for i, s := range t.ks.shards {
		s.mu.Lock()
		if _, _, _, ms, ok := s.nearest(now); ok && (best < 0 || ms < left) {
			best, left = i, ms
		}
		s.mu.Unlock()
	}
	if best < 0 {
		return false
	}
	s := t.ks.shards[best]
	s.mu.Lock()
	t.locked = 1 << best
	t.Begin(now, 0, 0, true)
	defer t.Unlock()
	h, d, db, _, ok := s.nearest(now)
	if !ok {
		return true // gone meanwhile: memory was freed all the same
	}
	e := s.arena.Entry(h)
	hash := t.ks.hash(e.Key())
	slot, _ := d.table.FindHandle(hash, h)
	t.evict(Entry{s: s, d: d, db: db, hash: hash, slot: slot, h: h, e: e})
	return true
}

// nearest is the shard's entry with the least time left, over all databases and both clocks.
func (s *shard) nearest(now clock.Instant) (best store.Handle, in *database, db int, left int64, ok bool) {
	for i, d := range s.dbs {
		if d == nil {
			continue
		}
		for _, x := range []interface{ Min() (uint32, bool) }{d.mono, d.wall} {
			h, found := x.Min()
			if !found {
				continue
			}
			ms := Deadline(s.arena.Entry(store.Handle(h)).Deadline()).remainingMs(now)
			if !ok || ms < left {
				best, in, db, left, ok = store.Handle(h), d, i, ms, true
			}
		}
	}
	return
}

// evict removes an entry for memory's sake.
func (t *Txn) evict(en Entry) {
	c := &en.s.counts
	c.Evicted++
	age := t.IdleMs(en)
	c.EvictedAgeMs += age
	c.EvictedAgeMax = max(c.EvictedAgeMax, age)
	if en.s.hasDue(t.Now) {
		c.EvictedExpiredPresent++
	}
	t.remove(en, journal.Evicted, eventEvicted)
}

// hasDue reports whether a due key is in the shard.
func (s *shard) hasDue(now clock.Instant) bool {
	if !s.mayBeDue(now) {
		return false
	}
	for _, d := range s.dbs {
		if d != nil && d.due(now) > 0 {
			return true
		}
	}
	return false
}
