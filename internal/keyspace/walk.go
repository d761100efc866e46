package keyspace

import "github.com/curfewkv/curfew/internal/store"

// walkStep is about how many keys Walk hands out under one hold of a shard's lock.
const walkStep = 256

// Walk hands every key of the transaction's database that is not due to fn, some keys of one shard at a time, so that no
// shard is locked for long. A key that is there from the beginning to the end is handed out exactly once, any other at most
// once. fn runs under the lock of the key's shard and must not mutate; between runs with nothing locked; false: the walk
// ends. Not for an event loop. REQUIRES that no shard is locked.
func (t *Txn) Walk(fn func(Entry), between func() bool) {
	cursors := make([]uint64, len(t.ks.shards))
	done := make([]bool, len(t.ks.shards))
	// Shard after shard, and not one to its end first: a command that waits for a shard gets it before it is locked again.
	for left := len(t.ks.shards); left > 0; {
		for i, s := range t.ks.shards {
			if done[i] {
				continue
			}
			t.LockSet(1 << i)
			cursors[i] = t.walkSome(s, cursors[i], fn)
			t.Unlock()
			if cursors[i] == 0 {
				done[i] = true
				left--
			}
			if !between() {
				return
			}
		}
	}
}

// walkSome does a step of Walk in one shard and returns the cursor to go on from, 0 at the end.
func (t *Txn) walkSome(s *shard, cursor uint64, fn func(Entry)) uint64 {
	d := s.dbs[t.DB]
	if d == nil {
		return 0
	}
	for n, buckets := 0, 0; n < walkStep && buckets < walkStep; buckets++ {
		cursor = d.table.Scan(cursor, func(h store.Handle) {
			n++
			if en := t.visible(s, d, h); en.h != 0 {
				fn(en)
			}
		})
		if cursor == 0 {
			break
		}
	}
	return cursor
}
