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
	seed  maphash.Seed // immutable
	keys  atomic.Int64
	items atomic.Int64 // ids over all keys
	parts [stripes]stripe
}

type stripe struct {
	mu   sync.Mutex
	keys map[string][]uint64 // ids of sessions, rising
}

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
	if len(ids) >= compactFrom && len(ids) == cap(ids) {
		before := len(ids)
		ids = slices.DeleteFunc(ids, func(id uint64) bool { return !alive(id) })
		r.items.Add(int64(len(ids) - before))
		i, _ = slices.BinarySearch(ids, id)
	}
	if st.keys == nil {
		st.keys = make(map[string][]uint64)
	}
	st.keys[string(key)] = slices.Insert(ids, i, id)
	r.items.Add(1)
	if !known {
		r.keys.Add(1)
	}
}

// take forgets a key and returns who read it.
func (r *readers) take(key []byte) []uint64 {
	st := r.stripe(key)
	st.mu.Lock()
	defer st.mu.Unlock()
	ids, known := st.keys[string(key)]
	if known {
		r.forget(st, string(key), len(ids))
	}
	return ids
}

// takeRandom forgets some key and returns it with who read it; false: there is none.
func (r *readers) takeRandom() (key string, ids []uint64, ok bool) {
	start := rand.IntN(stripes)
	for i := range stripes {
		st := &r.parts[(start+i)&(stripes-1)]
		st.mu.Lock()
		for key, ids = range st.keys { // begins anywhere
			r.forget(st, key, len(ids))
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
func (r *readers) forget(st *stripe, key string, ids int) {
	delete(st.keys, key)
	r.keys.Add(-1)
	r.items.Add(-int64(ids))
}

// clear forgets all keys.
func (r *readers) clear() {
	for i := range r.parts {
		st := &r.parts[i]
		st.mu.Lock()
		for key, ids := range st.keys {
			r.forget(st, key, len(ids))
		}
		st.keys = nil
		st.mu.Unlock()
	}
}
