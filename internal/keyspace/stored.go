package keyspace

import "github.com/curfewkv/curfew/internal/clock"

// Stored tells whether key has an entry in database db, and whether that is due, as Look finds it. REQUIRES: some
// transaction has locked the key's shard.
func (k *Keyspace) Stored(db int, key []byte, now clock.Instant) (stored, isDue bool) {
	en, stored := k.Look(db, key)
	return stored, stored && due(en.Deadline(), now)
}
