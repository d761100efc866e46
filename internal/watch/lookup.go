package watch

import (
	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/keyspace"
)

// Lookup tells whether a key is stored in a database, and whether it is due and so absent to readers. It changes nothing.
// It is called under the lock of the key's shard.
type Lookup func(db int, key []byte) (stored, due bool)

// LookupIn is the lookup in a keyspace at the time of a clock.
func LookupIn(k *keyspace.Keyspace, c clock.Clock) Lookup {
	return func(db int, key []byte) (stored, due bool) {
		// A transaction of its own that stands at the origin of time, where nothing is due, finds a due key without
		// removing it. The shards are locked by the transaction that the call comes from.
		tx := k.NewTxn()
		en, ok := tx.PeekIn(db, key)
		if !ok {
			return false, false
		}
		return true, reached(en.Deadline(), c)
	}
}

// reached reports whether a deadline has come.
func reached(d keyspace.Deadline, c clock.Clock) bool {
	if d == keyspace.None {
		return false
	}
	now := c.Now()
	if d.IsWall() {
		return now.WallMs() >= d.Ms()
	}
	return now.MonoMs() >= d.Ms()
}
