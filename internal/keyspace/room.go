package keyspace

import (
	"math/bits"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/eviction"
)

const (
	// roomSlice bounds the lock time of a shard while room is made.
	roomSlice = 250 * time.Microsecond
	// roomBudget is how long one call makes room when memory is far over its limit, because that was lowered: see MakeRoom.
	roomBudget = 500 * time.Microsecond
	// roomFactor: within the budget or not, a call frees so many times the memory that it was asked for.
	roomFactor = 2
	// maxLease is how many bytes a worker reserves ahead of its need at most: enough that some fifty small writes share the
	// cost of finding out whether there is room, and of making it, and so few that making it delays nobody.
	maxLease = 8 << 10
	// leaseShift: and no more than one part in 4096 of the limit, so that what all workers reserve and do not use is little.
	leaseShift = 12
)

// limits is what bounds the memory in use.
type limits struct {
	policy atomic.Uint32 // eviction.Policy
	// lowered: the limit was set below the memory in use, or a policy while it was, and that has not been followed yet.
	lowered atomic.Bool
	// leased is how many bytes workers have reserved.
	leased atomic.Int64
}

// SetPolicy switches the eviction policy; the keys that are there are judged by the new one at once. When it returns no key
// goes by the old one any more: it waits for victims that are being taken. Safe under locks: it takes none.
func (k *Keyspace) SetPolicy(p eviction.Policy) {
	old := k.limits.policy.Swap(uint32(p))
	if old == uint32(p) {
		return
	}
	k.limits.lowered.Store(k.Over(0) > 0)
	for _, s := range k.shards { // an eviction that begins from here on sees the new one
		for s.evicting.Load() {
			runtime.Gosched()
		}
	}
}

// beginEviction says that a victim of the shard is being taken by a policy, for SetPolicy to wait until endEviction; false: the
// policy in force is another one. The order counts: said first and looked at then. REQUIRES: the shard is locked.
func (s *shard) beginEviction(p eviction.Policy) bool {
	s.evicting.Store(true)
	if s.ks.Policy() == p {
		return true
	}
	s.endEviction()
	return false
}

func (s *shard) endEviction() { s.evicting.Store(false) }

// Policy is the eviction policy in force.
func (k *Keyspace) Policy() eviction.Policy { return eviction.Policy(k.limits.policy.Load()) }

// SetMaxMemory changes the limit of Used, 0 for none. An operator who lowers it means it: the data gives way although what clients
// hold in buffers alone may exceed it, which MakeRoom otherwise takes for a reason to keep the data.
func (k *Keyspace) SetMaxMemory(n int64) {
	if old := k.Settings.MaxMemory.Swap(n); n != old {
		k.limits.lowered.Store((old == 0 || n < old) && k.Over(0) > 0)
	}
}

// Lowered reports whether somebody lowered the limit, or changed the policy while memory was over it, and the memory in use
// has not followed yet. The event loop that comes upon it calls MakeRoom: the data then gives way at once, not with the next write.
func (k *Keyspace) Lowered() bool { return k.limits.lowered.Load() }

// Over is by how many bytes Used, what is reserved and need together exceed maxmemory; at most 0 when they fit or there is
// no limit.
func (k *Keyspace) Over(need int64) int64 {
	limit := k.Settings.MaxMemory.Load()
	if limit <= 0 {
		return 0
	}
	return k.Used() + k.limits.leased.Load() + need - limit
}

// Room makes sure that need more bytes fit under maxmemory and reports whether they do. Small needs are taken from a lease:
// bytes that the transaction has reserved, so that most writes look at no counter but its own, and that room is made for
// many of them at once. No shard may be locked by the caller.
func (t *Txn) Room(now clock.Instant, need int64, c clock.Clock) bool {
	if t.TakeLeased(need) {
		return true
	}
	t.endLease()
	k := t.ks
	limit := k.Settings.MaxMemory.Load()
	size := min(maxLease, limit>>leaseShift)
	if need > size {
		return t.MakeRoom(now, need, c)
	}
	// Reserved first and looked at then, so that two workers cannot both take the last of it.
	k.limits.leased.Add(size)
	if k.Over(0) <= 0 || k.Policy() != eviction.NoEviction && t.MakeRoom(now, 0, c) && k.Over(0) <= 0 {
		t.leased, t.lease, t.leaseLimit = size, size-need, limit
		return true
	}
	k.limits.leased.Add(-size)
	return k.Over(need) <= 0 || t.MakeRoom(now, need, c)
}

// TakeLeased takes need bytes from the lease; false: it has not so many left, or the limit is another one by now, see Room.
func (t *Txn) TakeLeased(need int64) bool {
	if need > t.lease || t.ks.Settings.MaxMemory.Load() != t.leaseLimit {
		return false
	}
	t.lease -= need
	return true
}

// endLease gives back what the transaction has reserved. What was used of it is in the shards' own count by now.
func (t *Txn) endLease() {
	if t.leased > 0 {
		t.ks.limits.leased.Add(-t.leased)
	}
	t.leased, t.lease = 0, 0
}

// MakeRoom frees memory until need more bytes fit under maxmemory: expired keys first, then flushed ones, then what the
// policy chooses. It reports whether they fit. No shard may be locked by the caller.
//
// When the limit was lowered by much, so that to get below it takes long, a call goes on only for roomBudget, but at least
// until it has freed roomFactor times its need, and reports true: so memory falls with every write, and none waits for
// all of it. An event loop that wants to get there without writes calls it again while Over(0) is positive.
//
// Nothing is evicted for a need that could not be met even so, because of what clients make the server keep: buffers, and
// large strings that are gone but still being sent (but see SetMaxMemory); and nothing at all while expiry is held.
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
	if k.Policy() == eviction.NoEviction {
		k.settled()
		return false
	}
	if k.extra.Load()+k.blobs.Held()+need > k.Settings.MaxMemory.Load() && !k.limits.lowered.Load() {
		return false
	}
	for freed := int64(0); ; {
		over := k.Over(need)
		if over <= 0 {
			return true
		}
		n, ok := t.evictSome(now, over)
		n += t.drainEvicted(need, c)
		if !ok {
			k.settled()
			return k.Over(need) <= 0
		}
		if freed += n; freed >= roomFactor*need && c.Mono()-began > int64(roomBudget) {
			return true
		}
	}
}

// drainEvicted frees what is left of large values that were evicted, until need bytes fit, and returns the memory freed:
// further keys would go in vain before.
func (t *Txn) drainEvicted(need int64, c clock.Clock) (freed int64) {
	for ; t.undrained != 0; t.undrained &= t.undrained - 1 {
		shard := bits.TrailingZeros64(t.undrained)
		s := t.ks.shards[shard]
		before := s.arena.Used()
		for t.DrainSlice(shard, roomSlice, c) && t.ks.Over(need) > 0 {
		}
		freed += max(0, before-s.arena.Used())
	}
	return freed
}

// settled notes that a lowered limit has been followed as far as can be.
func (k *Keyspace) settled() {
	if k.limits.lowered.Load() {
		k.limits.lowered.Store(false)
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
