package keyspace

import (
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/store"
)

// drainStep is how many entries of a flushed table are freed between two looks at the clock.
const drainStep = 64

// Flush empties a database. Its keys are gone at once for every reader; their memory is given back by DrainSlice, or
// before Flush returns when sync is set. Returns the number of keys that were not due. REQUIRES all shards to be locked.
func (t *Txn) Flush(db int, sync bool) int {
	n := t.flush(db, sync)
	t.state(db, cmdFlushDB, argAsync)
	return n
}

// FlushAll is Flush of every database. REQUIRES all shards to be locked.
func (t *Txn) FlushAll(sync bool) {
	for db := range t.ks.dbs {
		t.flush(db, sync)
	}
	t.state(t.DB, cmdFlushAll, argAsync)
}

func (t *Txn) flush(db int, sync bool) int {
	n := 0
	t.beforeDatabase(db)
	t.emit(journal.Flushed, journal.Event{}, db, nil)
	for _, s := range t.ks.shards {
		t.holds(s)
		d := s.dbs[db]
		if d == nil {
			continue
		}
		n += d.table.Len() - d.due(t.Now)
		s.counts.Dirty += int64(d.table.Len())
		s.trash = append(s.trash, d.table)
		s.hasTrash.Store(true)
		s.setDB(db, nil)
		s.announce()
		if sync {
			s.emptyTrash()
		}
	}
	return n
}

// Swap exchanges two databases. REQUIRES all shards to be locked.
func (t *Txn) Swap(a, b int) {
	t.beforeDatabase(a)
	t.beforeDatabase(b)
	for _, s := range t.ks.shards {
		t.holds(s)
		da, db := s.dbs[a], s.dbs[b]
		s.setDB(a, db)
		s.setDB(b, da)
	}
	t.ks.shards[0].counts.Dirty++ // one change, whatever the number of shards
	t.emit(journal.Swapped, journal.Event{}, a, nil)
	t.emit(journal.Swapped, journal.Event{}, b, nil)
	t.stateSwap(a, b)
}

func (s *shard) emptyTrash() {
	for s.hasTrash.Load() {
		s.drainOne(1 << 30)
	}
}

// drainOne frees about n blocks of a value that is garbage, or up to n entries of the first flushed table.
func (s *shard) drainOne(n int) {
	if len(s.garbage) > 0 {
		s.freeGarbage(n)
	} else if s.trash[0].Drain(n, func(h store.Handle) { s.dispose(h); s.counts.LazyFreed++ }) {
		s.trash[0] = nil // the list may live on
		s.trash = s.trash[1:]
	}
	s.hasTrash.Store(len(s.trash)+len(s.garbage) > 0)
}

// DrainSlice frees entries of flushed databases, and large values, of one shard for at most budget of lock time. Reports whether more is to do.
func (t *Txn) DrainSlice(shard int, budget time.Duration, c clock.Clock) (more bool) {
	s := t.ks.shards[shard]
	if !s.hasTrash.Load() {
		return false
	}
	if !s.enter() {
		return false
	}
	defer s.mu.Unlock()
	end := c.Mono() + int64(budget)
	for s.hasTrash.Load() {
		s.drainOne(drainStep)
		if c.Mono() >= end {
			break
		}
	}
	return s.hasTrash.Load()
}

// trashStep is how many entries EmptyTrash frees under one hold of a shard's lock.
const trashStep = 4 * drainStep

// EmptyTrash frees the entries of all flushed databases, some of one shard at a time. between is called with nothing locked;
// false: it stops. Not for an event loop. REQUIRES that no shard is locked.
func (t *Txn) EmptyTrash(between func() bool) {
	for left := true; left; {
		left = false
		for i, s := range t.ks.shards {
			if !s.hasTrash.Load() {
				continue
			}
			t.LockSet(1 << i)
			if s.hasTrash.Load() {
				s.drainOne(trashStep)
			}
			t.Unlock()
			left = true
			if !between() {
				return
			}
		}
	}
}

// ReleaseOne gives one freed run of pages of a shard back to the system; the system's work is done outside the lock.
// Reports whether there was one.
func (k *Keyspace) ReleaseOne(shard int) bool {
	s := k.shards[shard]
	if !s.enter() {
		return false
	}
	run, ok := s.arena.TakeDirty()
	s.mu.Unlock()
	if !ok {
		return false
	}
	run.Release()
	for !s.enter() {
		k.holds.await(1 << shard)
	}
	s.arena.PutClean(run)
	s.mu.Unlock()
	return true
}

// ReleaseOneShared is ReleaseOne for the memory of large strings, which belongs to no shard.
func (k *Keyspace) ReleaseOneShared() bool { return k.blobs.ReleaseOne() }
