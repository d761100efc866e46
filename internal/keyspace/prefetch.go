package keyspace

// Hash is the hash of a key, to be given to the functions that take one, so that it is computed once.
func (k *Keyspace) Hash(key []byte) uint64 { return k.hash(key) }

// Prefetch asks for the part of the index where a key is, and PrefetchEntry, somewhat later, for its entry. A worker that
// has several requests at hand asks for all of their keys first, so that it waits for memory once rather than twice for
// each request. Nothing is locked, and a goroutine that has locked the shard is not disturbed.
func (k *Keyspace) Prefetch(db int, hash uint64) {
	if t := k.shards[k.shardIndex(hash)].tables[db].Load(); t != nil {
		t.Prefetch(hash)
	}
}

// PrefetchEntry is the second step of Prefetch.
func (k *Keyspace) PrefetchEntry(db int, hash uint64) {
	if t := k.shards[k.shardIndex(hash)].tables[db].Load(); t != nil {
		t.PrefetchEntry(hash)
	}
}
