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
	return func(db int, key []byte) (stored, due bool) { return k.Stored(db, key, c.Now()) }
}
