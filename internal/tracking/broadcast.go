package tracking

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/resp"
)

// broadcast gathers the changes that sessions in broadcast mode are told of.
type broadcast struct {
	// list, by text, is replaced as a whole, so that Consume reads it without a lock.
	list    atomic.Pointer[[]*prefix]
	pending atomic.Bool // some prefix has changed keys
	mu      sync.Mutex  // serialises the changes of list
}

// prefix is one prefix, who asked for it, and which of its keys changed since the last Flush.
type prefix struct {
	text string // immutable

	mu      sync.Mutex
	clients map[uint64]*client
	changed map[string]uint64 // key -> the session that changed it last, 0 for the server
}

func (b *broadcast) prefixes() []*prefix {
	if l := b.list.Load(); l != nil {
		return *l
	}
	return nil
}

// join makes cl hear of the keys with a prefix; it replaces what the same session was there before.
func (b *broadcast) join(text string, cl *client) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, there := b.find(text)
	if there {
		p := b.prefixes()[i]
		p.mu.Lock()
		p.clients[cl.s.ID] = cl
		p.mu.Unlock()
		return
	}
	p := &prefix{text: text, clients: map[uint64]*client{cl.s.ID: cl}}
	l := slices.Insert(slices.Clone(b.prefixes()), i, p)
	b.list.Store(&l)
}

// find is where a prefix is in the list, or belongs.
func (b *broadcast) find(text string) (i int, there bool) {
	return slices.BinarySearchFunc(b.prefixes(), text, func(p *prefix, text string) int { return strings.Compare(p.text, text) })
}

// leave ends a join; a prefix that nobody wants goes.
func (b *broadcast) leave(text string, id uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, there := b.find(text)
	if !there {
		return
	}
	p := b.prefixes()[i]
	p.mu.Lock()
	delete(p.clients, id)
	wanted := len(p.clients) > 0
	p.mu.Unlock()
	if !wanted {
		l := slices.Delete(slices.Clone(b.prefixes()), i, i+1)
		b.list.Store(&l)
	}
}

// note gathers one change.
func (b *broadcast) note(key []byte, origin uint64) {
	for _, p := range b.prefixes() {
		if len(p.text) > len(key) || string(key[:len(p.text)]) != p.text {
			continue
		}
		p.mu.Lock()
		if p.changed == nil {
			p.changed = make(map[string]uint64)
		}
		p.changed[string(key)] = origin
		p.mu.Unlock()
		b.pending.Store(true)
	}
}

// take empties the gathered changes of a prefix: the keys in order, who changed them, and who is to be told.
func (p *prefix) take() (keys []string, by map[string]uint64, to []*client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.changed) == 0 {
		return nil, nil, nil
	}
	by, p.changed = p.changed, nil
	return slices.Sorted(maps.Keys(by)), by, slices.Collect(maps.Values(p.clients))
}

// flushBroadcast tells of the gathered changes, in one message for each prefix.
func (t *Table) flushBroadcast() {
	if !t.cast.pending.Load() || !t.cast.pending.Swap(false) {
		return
	}
	for _, p := range t.cast.prefixes() {
		keys, by, to := p.take()
		if len(keys) == 0 {
			continue
		}
		all := encode(keys)
		for _, cl := range to {
			body := all
			if cl.noLoop {
				if body = encode(without(keys, by, cl.s.ID)); body == nil {
					continue
				}
			}
			t.send(cl, func(w *resp.Writer) { w.Raw(body) })
		}
	}
}

// encode writes the list of keys once for all who are sent it; nil when there are none.
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
