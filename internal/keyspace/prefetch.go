package keyspace

// Hash is the hash of a key, to be given to the functions that take one, so that it is computed once.
func (k *Keyspace) Hash(key []byte) uint64 { return k.hash(key) }

// Prefetch asks for the part of the index where a key is, and PrefetchEntry, somewhat later, for its entry. A worker that
// has several requests at hand asks for all of their keys first, so that it waits for memory once rather than twice for
// each request. Nothing is locked when someone else holds the shard: there is nothing to gain then.
func (k *Keyspace) Prefetch(db int, hash uint64) {
	s := k.shards[k.shardIndex(hash)]
	if !s.mu.TryLock() {
		return
	}
	if d := s.dbs[db]; d != nil && !s.isHeld() {
		d.table.Prefetch(hash)
	}
	s.mu.Unlock()
}

// PrefetchEntry is the second step of Prefetch.
func (k *Keyspace) PrefetchEntry(db int, hash uint64) {
	s := k.shards[k.shardIndex(hash)]
	if !s.mu.TryLock() {
		return
	}
	if d := s.dbs[db]; d != nil && !s.isHeld() {
		d.table.PrefetchEntry(hash)
	}
	s.mu.Unlock()
}
