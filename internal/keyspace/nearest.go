package keyspace

import (
	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/expiry"
	"github.com/curfewkv/curfew/internal/store"
)

// nearestWork is how many index nodes are re-placed under one hold of a shard's lock in the search for the nearest deadline.
const nearestWork = 512

// evictNearest removes keys with the nearest deadlines of all until over bytes are freed, eviction.Round keys at most. All
// shards are asked once; a shard that gave a key is asked again. So the order is exact, but for deadlines that other
// workers set meanwhile: those count from the next call on.
func (t *Txn) evictNearest(now clock.Instant, over int64) (freed int64, ok bool) {
	var left [maxShards]int64
	for i, s := range t.ks.shards {
		left[i] = s.searchNearest(now)
	}
	for range eviction.Round {
		best := t.ks.shards[0]
		for i, s := range t.ks.shards {
			if left[i] < left[best.index] {
				best = s
			}
		}
		if left[best.index] == never {
			break
		}
		n, gone := t.evictNearestOf(now, best)
		if !gone {
			break
		}
		ok = true
		if freed += n; freed >= over {
			break
		}
		left[best.index] = best.searchNearest(now)
	}
	return freed, ok
}

// evictNearestOf removes the key with the nearest deadline of a shard; false: the policy is another by now.
func (t *Txn) evictNearestOf(now clock.Instant, s *shard) (freed int64, gone bool) {
	if !t.lockShard(s) {
		return 0, true // its keys are not to be had now
	}
	t.Begin(now, 0, 0, true)
	defer t.Unlock()
	if !s.beginEviction(eviction.VolatileTTL) {
		return 0, false
	}
	defer s.endEviction()
	near, _ := s.nearest(now)
	if !near.ok {
		return 0, true // gone meanwhile: memory was freed all the same
	}
	e := s.arena.Entry(near.h)
	hash := t.ks.hash(e.Key())
	slot, _ := near.d.table.FindHandle(hash, near.h)
	return t.evict(Entry{s: s, d: near.d, db: near.db, hash: hash, slot: slot, h: near.h, e: e}), true
}

// searchNearest is the time left of the shard's entry with the least, found in slices of bounded lock time; never: no entry
// has a deadline, or a long command holds the shard.
func (s *shard) searchNearest(now clock.Instant) (left int64) {
	for {
		if !s.enter() {
			return never
		}
		near, exact := s.nearest(now)
		s.mu.Unlock()
		if exact && !near.ok {
			return never
		}
		if exact {
			return near.left
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
