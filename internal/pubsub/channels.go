package pubsub

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp/glob"
)

// stripes is the number of locks of a space; a power of two.
const stripes = 256

// keepFrame bounds the message buffer that a stripe keeps.
const keepFrame = 16 << 10

// space is one name space of channels: the global ones or the shard channels.
type space struct {
	seed  maphash.Seed // immutable
	count atomic.Int64 // channels that someone hears
	parts [stripes]stripe
}

// stripe holds the channels that share a lock.
type stripe struct {
	mu       sync.Mutex
	channels map[string]*members
	frame    []byte // reused for encoding messages
}

func newSpace() *space { return &space{seed: maphash.MakeSeed()} }

func (sp *space) stripe(channel []byte) *stripe {
	return &sp.parts[maphash.Bytes(sp.seed, channel)&(stripes-1)]
}

func (sp *space) add(channel string, s *session.Session) {
	st := &sp.parts[maphash.String(sp.seed, channel)&(stripes-1)]
	st.mu.Lock()
	defer st.mu.Unlock()
	m := st.channels[channel]
	if m == nil {
		if st.channels == nil {
			st.channels = make(map[string]*members)
		}
		m = &members{}
		st.channels[channel] = m
		sp.count.Add(1)
	}
	m.add(s)
}

func (sp *space) remove(channel string, s *session.Session) {
	st := &sp.parts[maphash.String(sp.seed, channel)&(stripes-1)]
	st.mu.Lock()
	defer st.mu.Unlock()
	m := st.channels[channel]
	m.remove(s)
	if len(m.list) == 0 {
		delete(st.channels, channel)
		sp.count.Add(-1)
	}
}

// subscribers is the number of sessions that hear a channel by its name.
func (sp *space) subscribers(channel []byte) int {
	st := sp.stripe(channel)
	st.mu.Lock()
	defer st.mu.Unlock()
	if m := st.channels[string(channel)]; m != nil {
		return len(m.list)
	}
	return 0
}

// names lists the channels that match a pattern; nil matches all.
func (sp *space) names(pattern []byte) []string {
	var out []string
	for i := range sp.parts {
		st := &sp.parts[i]
		st.mu.Lock()
		for name := range st.channels {
			if pattern == nil || glob.Match(pattern, []byte(name), false) {
				out = append(out, name)
			}
		}
		st.mu.Unlock()
	}
	return out
}
