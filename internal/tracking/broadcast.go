package tracking

import (
	"cmp"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/resp"
)

// broadcast gathers the changes that sessions in broadcast mode are told of. What a change costs depends on how many
// different lengths the prefixes have, not on how many prefixes there are; what a session costs that comes or goes depends
// on its own prefixes alone.
type broadcast struct {
	seed  maphash.Seed // immutable
	count atomic.Int64 // prefixes
	parts [stripes]castStripe

	// lengths of the prefixes, rising, with how many there are of each. It is replaced as a whole, so that note reads it
	// without a lock, and only when a length comes or goes; joining serialises that.
	lengths atomic.Pointer[[]lengthCount]
	joining sync.Mutex

	pending atomic.Bool // some prefix has changed keys
	touched struct {
		sync.Mutex
		list []*prefix // those that have changed keys
	}
}

// castStripe holds the prefixes that share a lock.
type castStripe struct {
	mu       sync.Mutex
	prefixes map[string]*prefix
}

// lengthCount is a length and the number of prefixes that have it, which joining guards.
type lengthCount struct {
	length int
	count  *int
}

// prefix is one prefix, the sessions that asked for it, and which of its keys changed since the last Flush.
type prefix struct {
	text string // immutable

	// guarded by the stripe's mutex
	clients map[uint64]struct{} // ids of sessions
	changed map[string]uint64   // key -> the session that changed it last, 0 for the server
}

func (b *broadcast) stripe(text []byte) *castStripe {
	return &b.parts[maphash.Bytes(b.seed, text)&(stripes-1)]
}

func (b *broadcast) lengthCounts() []lengthCount {
	if l := b.lengths.Load(); l != nil {
		return *l
	}
	return nil
}

// join makes a session hear of the keys with a prefix.
func (b *broadcast) join(text string, id uint64) {
	b.joining.Lock()
	defer b.joining.Unlock()
	st := b.stripe([]byte(text))
	st.mu.Lock()
	defer st.mu.Unlock()
	p := st.prefixes[text]
	if p == nil {
		p = &prefix{text: text, clients: make(map[uint64]struct{})}
		if st.prefixes == nil {
			st.prefixes = make(map[string]*prefix)
		}
		st.prefixes[text] = p
		b.count.Add(1)
		b.countLength(len(text), 1)
	}
	p.clients[id] = struct{}{}
}

// leave ends a join; a prefix that nobody wants goes.
func (b *broadcast) leave(text string, id uint64) {
	b.joining.Lock()
	defer b.joining.Unlock()
	st := b.stripe([]byte(text))
	st.mu.Lock()
	defer st.mu.Unlock()
	p := st.prefixes[text]
	if p == nil {
		return
	}
	if delete(p.clients, id); len(p.clients) == 0 {
		delete(st.prefixes, text)
		b.count.Add(-1)
		b.countLength(len(text), -1)
	}
}

// countLength notes that a prefix of a length has come or gone. REQUIRES: joining is held.
func (b *broadcast) countLength(length, n int) {
	l := b.lengthCounts()
	i, there := slices.BinarySearchFunc(l, length, func(c lengthCount, length int) int { return cmp.Compare(c.length, length) })
	switch {
	case !there:
		l = slices.Insert(slices.Clone(l), i, lengthCount{length, new(int)})
	case *l[i].count+n == 0:
		l = slices.Delete(slices.Clone(l), i, i+1)
		b.lengths.Store(&l)
		return
	}
	*l[i].count += n
	if !there {
		b.lengths.Store(&l)
	}
}

// note gathers one change.
func (b *broadcast) note(key []byte, origin uint64) {
	for _, l := range b.lengthCounts() {
		if l.length > len(key) {
			return
		}
		st := b.stripe(key[:l.length])
		st.mu.Lock()
		if p := st.prefixes[string(key[:l.length])]; p != nil {
			b.change(p, key, origin)
		}
		st.mu.Unlock()
	}
}

// change notes a changed key of a prefix. REQUIRES: the lock of the prefix's stripe is held.
func (b *broadcast) change(p *prefix, key []byte, origin uint64) {
	first := p.changed == nil
	if first {
		p.changed = make(map[string]uint64)
	}
	p.changed[string(key)] = origin
	if !first {
		return
	}
	b.touched.Lock()
	b.touched.list = append(b.touched.list, p)
	b.touched.Unlock()
	b.pending.Store(true)
}

// takeTouched empties the list of prefixes with changes and returns it in the order of the texts.
func (b *broadcast) takeTouched() []*prefix {
	b.touched.Lock()
	list := b.touched.list
	b.touched.list = nil
	b.touched.Unlock()
	slices.SortFunc(list, func(p, q *prefix) int { return cmp.Compare(p.text, q.text) })
	return list
}

// take empties the gathered changes of a prefix: the keys in order, the sessions that changed them, and those to be told.
func (b *broadcast) take(p *prefix) (keys []string, by map[string]uint64, to []uint64) {
	st := b.stripe([]byte(p.text))
	st.mu.Lock()
	defer st.mu.Unlock()
	by, p.changed = p.changed, nil
	return slices.Sorted(maps.Keys(by)), by, slices.Collect(maps.Keys(p.clients))
}

// flushBroadcast tells of the gathered changes, in one message for each prefix. REQUIRES: telling is held.
func (t *Table) flushBroadcast() {
	if !t.cast.pending.Swap(false) {
		return
	}
	for _, p := range t.cast.takeTouched() {
		keys, by, to := t.cast.take(p)
		all := encode(keys)
		for _, id := range to {
			cl, body := t.clients.get(id), all
			if cl != nil && cl.noLoop {
				body = encode(without(keys, by, id))
			}
			if cl == nil || body == nil {
				continue
			}
			t.send(cl, func(w *resp.Writer) { w.Raw(body) })
		}
	}
}

// encode writes the list of keys once for all sessions that are sent it; nil when there are none.
func encode(keys []string) []byte {
	if len(keys) == 0 {
		return nil
	}
	w := resp.Writer{Proto: 2} // an array is the same in both protocols
	w.Array(len(keys))
	for _, k := range keys {
		w.BulkString(k)
	}
	return w.Buf
}

// without leaves out the keys that a session changed itself.
func without(keys []string, by map[string]uint64, id uint64) []string {
	var out []string
	for _, k := range keys {
		if by[k] != id {
			out = append(out, k)
		}
	}
	return out
}
