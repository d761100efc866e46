package keyspace

import "github.com/curfewkv/curfew/internal/clock"

// Stored tells whether key has an entry in database db, and whether that is due. Unlike a lookup by a transaction it expires
// nothing, so that a consumer of the journal may ask. REQUIRES: some transaction has locked the key's shard.
func (k *Keyspace) Stored(db int, key []byte, now clock.Instant) (stored, isDue bool) {
	hash := k.hash(key)
	s := k.shards[k.shardIndex(hash)]
	d := s.dbs[db]
	if d == nil {
		return false, false
	}
	_, h := d.table.Find(hash, key)
	if h == 0 {
		return false, false
	}
	return true, due(Entry{e: s.arena.Entry(h)}.Deadline(), now)
}
