package keyspace

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/expiry"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/store"
)

const (
	// shardSamples is how many of the entries looked at for an eviction are of one shard.
	shardSamples = 4
	// evictRounds bounds how often fresh samples are drawn for one eviction. The first round may find only candidates that
	// are gone; what later ones draw is gone only if another goroutine was faster.
	evictRounds = 8
	// nearestWork is how many index nodes are re-placed under one hold of a shard's lock in the search for the nearest deadline.
	nearestWork = 512
	// roomSlice bounds the lock time of a shard while room is made.
	roomSlice = 250 * time.Microsecond
	// roomBudget is how long one call makes room when memory is far over its limit, because that was lowered: see MakeRoom.
	roomBudget = 500 * time.Microsecond
	// roomFactor: within the budget or not, a call frees so many times the memory that it was asked for.
	roomFactor = 2
)

// evictor chooses victims over all shards. Its lock is taken before any shard's.
type evictor struct {
	policy atomic.Uint32 // eviction.Policy
	// lowered: the limit was set below the memory in use, or a policy while it was, and that has not been followed yet.
	lowered atomic.Bool

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
	if old := k.evictor.policy.Swap(uint32(p)); old != uint32(p) {
		k.evictor.lowered.Store(k.Over(0) > 0)
	}
}

// Policy is the eviction policy in force.
func (k *Keyspace) Policy() eviction.Policy { return eviction.Policy(k.evictor.policy.Load()) }

// SetMaxMemory changes the limit of Used, 0 for none. Whoever lowers it means it: the data gives way although what clients
// hold in buffers alone may exceed it, which MakeRoom otherwise takes for a reason to keep the data.
func (k *Keyspace) SetMaxMemory(n int64) {
	if old := k.Settings.MaxMemory.Swap(n); n != old {
		k.evictor.lowered.Store((old == 0 || n < old) && k.Over(0) > 0)
	}
}

// Lowered reports whether somebody lowered the limit, or changed the policy while memory was over it, and the memory in use
// has not followed yet. Whoever comes upon it calls MakeRoom: the data then gives way at once, not with the next write.
func (k *Keyspace) Lowered() bool { return k.evictor.lowered.Load() }

// Over is by how many bytes Used plus need exceeds maxmemory; at most 0 when it fits or there is no limit.
func (k *Keyspace) Over(need int64) int64 {
	limit := k.Settings.MaxMemory.Load()
	if limit <= 0 {
		return 0
	}
	return k.Used() + need - limit
}

// MakeRoom frees memory until need more bytes fit under maxmemory: expired keys first, then flushed ones, then what the
// policy chooses. It reports whether they fit. No shard may be locked by the caller.
//
// When the limit was lowered by much, so that to get below it takes long, a call goes on only for roomBudget, but at least
// until it has freed roomFactor times its need, and reports true: so memory falls with every write, and none waits for
// all of it. Whoever wants to get there without writes calls it again while Over(0) is positive.
//
// Nothing is evicted for a need that could not be met even so (but see SetMaxMemory), and nothing at all while expiry is held.
func (t *Txn) MakeRoom(now clock.Instant, need int64, c clock.Clock) bool {
	k := t.ks
	if k.Over(need) <= 0 {
		k.settled()
		return true
	}
	if k.Settings.HoldExpiry.Load() {
		return false
	}
	began := c.Mono()
	defer func() { k.EvictionLag.Record(c.Mono() - began) }()
	if t.reclaim(now, need, c) {
		return true
	}
	v := &k.evictor
	if k.Policy() == eviction.NoEviction {
		k.settled()
		return false
	}
	if k.extra.Load()+need > k.Settings.MaxMemory.Load() && !v.lowered.Load() {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for freed := int64(0); k.Over(need) > 0; {
		n, ok := t.evictOne(now)
		if !ok {
			k.settled()
			return k.Over(need) <= 0
		}
		if freed += n; freed >= roomFactor*need && c.Mono()-began > int64(roomBudget) {
			return true
		}
	}
	return true
}

// settled notes that a lowered limit has been followed as far as can be.
func (k *Keyspace) settled() {
	if k.evictor.lowered.Load() {
		k.evictor.lowered.Store(false)
	}
}

// reclaim frees what nobody can read any more, expired keys and then flushed ones, until need bytes fit.
func (t *Txn) reclaim(now clock.Instant, need int64, c clock.Clock) bool {
	k := t.ks
	for shard, s := range k.shards {
		for s.mayBeDue(now) && t.expireSlice(s, now, roomSlice, c) {
			if k.Over(need) <= 0 {
				return true
			}
		}
		for t.DrainSlice(shard, roomSlice, c) {
			if k.Over(need) <= 0 {
				return true
			}
		}
	}
	return k.Over(need) <= 0
}

// evictOne removes the key that the policy likes least and returns the memory freed; false: there is none to remove.
func (t *Txn) evictOne(now clock.Instant) (freed int64, ok bool) {
	p := t.ks.Policy()
	if p == eviction.VolatileTTL {
		return t.evictNearest(now)
	}
	return t.evictSampled(now, p)
}

// evictSampled fills the pool with fresh samples and evicts its best candidate that is still what it was.
func (t *Txn) evictSampled(now clock.Instant, p eviction.Policy) (freed int64, ok bool) {
	k, v := t.ks, &t.ks.evictor
	if v.pooled != p {
		v.pool.Clear()
		v.pooled = p
	}
	for range evictRounds {
		seen, keys := 0, 0
		for tried, want := 0, 1; tried < len(k.shards) && seen < want; {
			n, of := t.sample(now, p, k.shards[v.next])
			v.next = (v.next + 1) % len(k.shards)
			tried++
			seen, keys = seen+n, keys+of
			want = eviction.Samples(keys * len(k.shards) / tried)
		}
		for {
			c, there := v.pool.Best()
			if !there {
				break
			}
			if n, gone := t.evictKey(now, c, p); gone {
				return n, true
			}
		}
		if seen == 0 {
			break
		}
	}
	return 0, false
}

// sample offers some entries of each of a shard's databases to the pool and returns how many, and of how many they were.
func (t *Txn) sample(now clock.Instant, p eviction.Policy, s *shard) (n, of int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Begin(now, 0, 0, true)
	for db, d := range s.dbs {
		if d == nil {
			continue
		}
		if of += d.table.Len(); p.Volatile() {
			of += d.table.Volatile() - d.table.Len()
		}
		d.table.Sample(t.ks.evictor.rnd.Uint64(), shardSamples, p.Volatile(), func(h store.Handle) {
			e := s.arena.Entry(h)
			n++
			t.ks.evictor.pool.Offer(t.score(p, e), s.index, db, 0, e.Key())
		})
	}
	return n, of
}

// score is how much the policy wants an entry gone.
func (t *Txn) score(p eviction.Policy, e store.Entry) uint64 {
	return p.Score(eviction.Idle(t.lru, e.Access()), t.decayed(e), t.ks.evictor.rnd.Uint64())
}

// evictKey removes a candidate if it is still there and still allowed to go. One that was used since it was sampled goes
// back into the pool with the score that it has now.
func (t *Txn) evictKey(now clock.Instant, c eviction.Candidate, p eviction.Policy) (freed int64, gone bool) {
	s := t.ks.shards[c.Shard]
	t.lockShard(s)
	t.Begin(now, c.DB, 0, true)
	defer t.Unlock()
	before, expired := s.arena.Used(), s.counts.ExpiredLazy
	en, ok := t.find(c.DB, c.Key)
	if !ok {
		return before - s.arena.Used(), s.counts.ExpiredLazy > expired
	}
	if p.Volatile() && !en.e.HasDeadline() {
		return 0, false
	}
	if score := t.score(p, en.e); p.Used(c.Score, score) {
		t.ks.evictor.pool.Offer(score, c.Shard, c.DB, 0, c.Key)
		return 0, false
	}
	return t.evict(en), true
}

// evictNearest removes the key with the nearest deadline of all, exactly.
func (t *Txn) evictNearest(now clock.Instant) (freed int64, ok bool) {
	var best *shard
	least := int64(0)
	for _, s := range t.ks.shards {
		if left, any := s.searchNearest(now); any && (best == nil || left < least) {
			best, least = s, left
		}
	}
	if best == nil {
		return 0, false
	}
	t.lockShard(best)
	t.Begin(now, 0, 0, true)
	defer t.Unlock()
	near, _ := best.nearest(now)
	if !near.ok {
		return 0, true // gone meanwhile: memory was freed all the same
	}
	e := best.arena.Entry(near.h)
	hash := t.ks.hash(e.Key())
	slot, _ := near.d.table.FindHandle(hash, near.h)
	return t.evict(Entry{s: best, d: near.d, db: near.db, hash: hash, slot: slot, h: near.h, e: e}), true
}

// searchNearest is the time left of the shard's entry with the least, found in slices of bounded lock time; false: no entry
// has a deadline.
func (s *shard) searchNearest(now clock.Instant) (left int64, ok bool) {
	for {
		s.mu.Lock()
		near, exact := s.nearest(now)
		s.mu.Unlock()
		if exact {
			return near.left, near.ok
		}
	}
}

// nearestEntry is the entry with the least time left of a shard.
type nearestEntry struct {
	h    store.Handle
	d    *database
	db   int
	left int64
	ok   bool
}

// nearest is the shard's entry with the least time left, over all databases and both clocks. It may be another one of about
// the same time where exact is false; calling it again goes on with the search.
func (s *shard) nearest(now clock.Instant) (best nearestEntry, exact bool) {
	exact = true
	for i, d := range s.dbs {
		if d == nil {
			continue
		}
		for _, x := range [...]*expiry.Index{d.mono, d.wall} {
			h, sure, found := x.Nearest(nearestWork)
			if !found {
				continue
			}
			exact = exact && sure
			left := Deadline(s.arena.Entry(store.Handle(h)).Deadline()).remainingMs(now)
			if !best.ok || left < best.left {
				best = nearestEntry{h: store.Handle(h), d: d, db: i, left: left, ok: true}
			}
		}
	}
	return best, exact
}

// evict removes an entry for memory's sake and returns the memory freed. A due key of the shard goes in its place: one may
// have been put there since the slices of expiry went by.
func (t *Txn) evict(en Entry) (freed int64) {
	s := en.s
	before := s.arena.Used()
	if s.mayBeDue(t.Now) && t.expireShard(s) > 0 {
		return before - s.arena.Used()
	}
	c := &s.counts
	c.Evicted++
	age := t.IdleMs(en)
	c.EvictedAgeMs += age
	c.EvictedAgeMax = max(c.EvictedAgeMax, age)
	if s.hasDue(t.Now) {
		c.EvictedExpiredPresent++
	}
	t.remove(en, journal.Evicted, journal.EventEvicted)
	return before - s.arena.Used()
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
