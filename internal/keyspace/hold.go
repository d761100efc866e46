package keyspace

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// A shard is locked by its mutex, for as long as a short command or a slice of work takes. A command that takes long holds
// its shards instead: each is marked under its mutex, which is let go at once. So nobody ever waits long for a mutex:
// a goroutine that locks one and finds the mark unlocks it and does without the shard, or waits for the mark's end; but never on
// an event loop, and never with other shards locked.

// holds are the shards that long commands hold.
type holds struct {
	set  atomic.Uint64 // bit i: shard i is held; changed under the shard's mutex only
	turn sync.Mutex    // to begin to hold shards: one command at a time, so that none waits with some of them held
	mu   sync.Mutex
	end  sync.Cond // set has lost bits
}

func (h *holds) init() { h.end.L = &h.mu }

// await waits until no shard of a set is held.
func (h *holds) await(set uint64) {
	h.mu.Lock()
	for h.set.Load()&set != 0 {
		h.end.Wait()
	}
	h.mu.Unlock()
}

// Held is the set of shards that long commands hold. It may change at any time.
func (k *Keyspace) Held() uint64 { return k.holds.set.Load() }

// isHeld reports whether a long command holds the shard. It stays so while the shard's mutex is locked.
func (s *shard) isHeld() bool { return s.ks.holds.set.Load()&(1<<s.index) != 0 }

// enter locks the shard's mutex; false: a long command holds the shard, and nothing is locked.
func (s *shard) enter() bool {
	s.mu.Lock()
	if s.isHeld() {
		s.mu.Unlock()
		return false
	}
	return true
}

// Blocker is the shard for which TryLockHashed or TryLockSet has failed.
func (t *Txn) Blocker() int { return t.blocker }

// leave unlocks the mutexes of a set of shards.
func (k *Keyspace) leave(set uint64) {
	for rest := set; rest != 0; rest &= rest - 1 {
		k.shards[bits.TrailingZeros64(rest)].mu.Unlock()
	}
}

// HoldSet locks the shards of a set for a long command, until Unlock. It waits for others that hold them; before is called
// when they are free and not yet held, so that sessions that waited may go first; it may be nil. Not for an event loop.
func (t *Txn) HoldSet(set uint64, before func()) {
	h := &t.ks.holds
	h.turn.Lock()
	defer h.turn.Unlock()
	h.await(set)
	if before != nil {
		before()
	}
	for rest := set; rest != 0; rest &= rest - 1 {
		i := bits.TrailingZeros64(rest)
		t.ks.shards[i].mu.Lock()
		h.set.Or(1 << i)
		t.ks.shards[i].mu.Unlock()
	}
	t.locked, t.holding = set, true
	t.wanted = t.ks.journal.Wanted()
}

// letGo ends what HoldSet began and wakes the shards' loops, which had to leave them alone.
func (k *Keyspace) letGo(set uint64) {
	for rest := set; rest != 0; rest &= rest - 1 {
		i := bits.TrailingZeros64(rest)
		k.shards[i].mu.Lock()
		k.holds.set.And(^uint64(1 << i))
		k.shards[i].mu.Unlock()
	}
	k.holds.mu.Lock()
	k.holds.end.Broadcast()
	k.holds.mu.Unlock()
	if k.wake == nil {
		return
	}
	for rest := set; rest != 0; rest &= rest - 1 {
		k.wake(bits.TrailingZeros64(rest))
	}
}
