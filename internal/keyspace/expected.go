package keyspace

const (
	// ahead is how many keys of a command the memory is asked for before the one that is looked up.
	ahead = 16
	// maxExpected bounds the keys of a command that are kept with their hashes; those beyond are hashed again.
	maxExpected = 4096
)

// expected are the keys of a command with several, in the order in which it will most likely look them up: so each is hashed
// once, and the cache misses of a lookup are waited for together with those of the next ones.
type expected struct {
	keys []expectedKey
	next int
}

type expectedKey struct {
	first *byte
	len   int
	hash  uint64
}

func (x *expectedKey) is(key []byte) bool {
	return len(key) == x.len && len(key) > 0 && &key[0] == x.first
}

// TryLockKeys locks the shards of those args whose positions are given, in ascending order; false: a long command holds one
// of them (see Blocker), and none is locked.
func (t *Txn) TryLockKeys(args [][]byte, at []int) bool {
	x := &t.expected
	x.next = 0
	set := uint64(0)
	for _, i := range at {
		key := args[i]
		h := t.ks.hash(key)
		set |= 1 << t.ks.shardIndex(h)
		if len(key) > 0 && len(x.keys) < maxExpected {
			x.keys = append(x.keys, expectedKey{&key[0], len(key), h})
		}
	}
	if set == 0 {
		return true
	}
	if !t.TryLockSet(set) {
		x.forget()
		return false
	}
	for i := range min(2*ahead, len(x.keys)) {
		t.fetchBucket(i)
	}
	for i := range min(ahead, len(x.keys)) {
		t.fetchEntry(i)
	}
	return true
}

// expectedHash is the hash of a key if it is the one that is expected, or the one before, which may be looked up twice.
func (t *Txn) expectedHash(key []byte) (hash uint64, ok bool) {
	x := &t.expected
	if x.next > 0 && x.keys[x.next-1].is(key) {
		return x.keys[x.next-1].hash, true
	}
	if x.next == len(x.keys) {
		x.next = 0 // a second pass over them (MSETNX)
	}
	this := x.next
	if !x.keys[this].is(key) {
		return 0, false
	}
	x.next++
	t.fetchBucket(this + 2*ahead)
	t.fetchEntry(this + ahead)
	return x.keys[this].hash, true
}

// fetchBucket asks for the part of the index where the i-th expected key is, and fetchEntry, somewhat later, for its entry.
func (t *Txn) fetchBucket(i int) {
	if i < len(t.expected.keys) {
		h := t.expected.keys[i].hash
		if d := t.ks.shards[t.ks.shardIndex(h)].dbs[t.DB]; d != nil {
			d.table.Prefetch(h)
		}
	}
}

func (t *Txn) fetchEntry(i int) {
	if i < len(t.expected.keys) {
		h := t.expected.keys[i].hash
		if d := t.ks.shards[t.ks.shardIndex(h)].dbs[t.DB]; d != nil {
			d.table.PrefetchEntry(h)
		}
	}
}

// forget ends what TryLockKeys has begun, and lets go of the command's bytes.
func (x *expected) forget() {
	clear(x.keys)
	x.keys, x.next = x.keys[:0], 0
}
