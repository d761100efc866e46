package tracking

import (
	"hash/maphash"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
)

// stripes is the number of locks of the readers; a power of two.
const stripes = 64

// readers remember which sessions read a key (the default mode).
type readers struct {
	// immutable
	seed    maphash.Seed
	account func(bytes int64)

	keys  atomic.Int64
	items atomic.Int64 // ids over all keys
	parts [stripes]stripe
}

type stripe struct {
	mu    sync.Mutex
	keys  map[string][]uint64 // ids of sessions, rising
	items int64               // ids over all keys
	bytes int64               // that were accounted
}

// sizeOf is about how much memory a key with its list takes.
func sizeOf(key int, ids []uint64) int64 { return int64(key) + 96 + 8*int64(cap(ids)) }

func (r *readers) stripe(key []byte) *stripe {
	return &r.parts[maphash.Bytes(r.seed, key)&(stripes-1)]
}

// compactFrom is the length from which a key's list is cleared of the dead when it must grow.
const compactFrom = 64

// add remembers that a session read a key. alive tells which sessions still track.
func (r *readers) add(key []byte, id uint64, alive func(uint64) bool) {
	st := r.stripe(key)
	st.mu.Lock()
	defer st.mu.Unlock()
	ids, known := st.keys[string(key)]
	i, there := slices.BinarySearch(ids, id)
	if there {
		return
	}
	items, size := int64(len(ids)), sizeOf(len(key), ids)
	if !known {
		items, size = 0, 0
		r.keys.Add(1)
	}
	if len(ids) >= compactFrom && len(ids) == cap(ids) {
		ids = slices.DeleteFunc(ids, func(id uint64) bool { return !alive(id) })
		i, _ = slices.BinarySearch(ids, id)
	}
	if st.keys == nil {
		st.keys = make(map[string][]uint64)
	}
	ids = slices.Insert(ids, i, id)
	st.keys[string(key)] = ids
	r.count(st, int64(len(ids))-items, sizeOf(len(key), ids)-size)
}

// count notes that a stripe's lists have grown by so many ids and bytes. REQUIRES: st.mu is held.
func (r *readers) count(st *stripe, items, bytes int64) {
	st.items += items
	st.bytes += bytes
	r.items.Add(items)
	r.account(bytes)
}

// take forgets a key and returns the sessions that read it.
func (r *readers) take(key []byte) []uint64 {
	st := r.stripe(key)
	st.mu.Lock()
	defer st.mu.Unlock()
	ids, known := st.keys[string(key)]
	if known {
		r.forget(st, string(key), ids)
	}
	return ids
}

// takeRandom forgets some key and returns it with the sessions that read it; false: there is none.
func (r *readers) takeRandom() (key string, ids []uint64, ok bool) {
	start := rand.IntN(stripes)
	for i := range stripes {
		st := &r.parts[(start+i)&(stripes-1)]
		st.mu.Lock()
		for key, ids = range st.keys { // begins anywhere
			r.forget(st, key, ids)
			ok = true
			break
		}
		st.mu.Unlock()
		if ok {
			return key, ids, true
		}
	}
	return "", nil, false
}

// forget drops one key. REQUIRES: st.mu is held.
func (r *readers) forget(st *stripe, key string, ids []uint64) {
	delete(st.keys, key)
	r.keys.Add(-1)
	r.count(st, -int64(len(ids)), -sizeOf(len(key), ids))
}

// clear forgets all keys. It is called under the locks of all shards, so it walks no key.
func (r *readers) clear() {
	for i := range r.parts {
		st := &r.parts[i]
		st.mu.Lock()
		r.keys.Add(-int64(len(st.keys)))
		r.count(st, -st.items, -st.bytes)
		st.keys = nil
		st.mu.Unlock()
	}
}
