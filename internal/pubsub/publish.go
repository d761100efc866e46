package pubsub

import "github.com/curfewkv/curfew/resp"

// idle reports whether a message on a global channel would reach nobody.
func (r *Registry) idle() bool { return r.channels.count.Load() == 0 && r.patterns.count.Load() == 0 }

// Publish sends a message to all subscribers of the channel, by its name or by a pattern, and returns how many times.
func (r *Registry) Publish(channel, message []byte) int {
	if r.idle() {
		return 0
	}
	st := r.channels.stripe(channel)
	st.mu.Lock()
	defer st.mu.Unlock()
	n := st.deliver("message", channel, message, r.limit)
	if r.patterns.count.Load() == 0 {
		return n
	}
	p := &r.patterns
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, pt := range p.list {
		if pt.matches(channel) {
			n += pt.push(r.limit(), st.encode("pmessage", pt.text, channel, message))
		}
	}
	return n
}

// PublishShard sends a message to all subscribers of the shard channel and returns how many.
func (r *Registry) PublishShard(channel, message []byte) int {
	if r.shards.count.Load() == 0 {
		return 0
	}
	st := r.shards.stripe(channel)
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.deliver("smessage", channel, message, r.limit)
}

// deliver sends a message to the subscribers of the channel by its name. REQUIRES: st.mu is held.
func (st *stripe) deliver(kind string, channel, message []byte, limit func() int64) int {
	m := st.channels[string(channel)]
	if m == nil {
		return 0
	}
	return m.push(limit(), st.encode(kind, channel, message))
}

// encode writes a push into the stripe's buffer. REQUIRES: st.mu is held, and is until the result is no longer used.
func (st *stripe) encode(kind string, parts ...[]byte) []byte {
	w := resp.Writer{Buf: st.frame[:0], Proto: 3}
	w.Push(1 + len(parts))
	w.BulkString(kind)
	for _, p := range parts {
		w.Bulk(p)
	}
	if cap(w.Buf) <= keepFrame {
		st.frame = w.Buf
	}
	return w.Buf
}
