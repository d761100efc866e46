package tracking

import (
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp"
)

// client is what others need to know of a tracking session. Immutable: changing the options makes a new one.
type client struct {
	s        *session.Session
	bcast    bool
	noLoop   bool
	redirect uint64
}

// clients are the sessions that track.
type clients struct {
	count atomic.Int64

	mu   sync.RWMutex
	byID map[uint64]*client
}

func (c *clients) get(id uint64) *client {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.byID[id]
}

func (c *clients) set(id uint64, cl *client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID == nil {
		c.byID = make(map[uint64]*client)
	}
	c.byID[id] = cl
	c.count.Store(int64(len(c.byID)))
}

func (c *clients) remove(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byID, id)
	c.count.Store(int64(len(c.byID)))
}

func (c *clients) all() []*client {
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := make([]*client, 0, len(c.byID))
	for _, cl := range c.byID {
		out = append(out, cl)
	}
	return out
}

// channel is where redirected messages appear to RESP2 subscribers.
const channel = "__redis__:invalidate"

// send delivers one message to the session that hears for cl; body writes the list of keys, or null.
func (t *Table) send(cl *client, body func(w *resp.Writer)) {
	to, redirected := cl.s, cl.redirect != 0
	if redirected {
		target, ok := t.sessions.Get(cl.redirect)
		if !ok || target.Killed() {
			t.tellBroken(cl)
			return
		}
		to = target
	}
	// RESP2 has no pushes: all it can be sent is a message to a subscriber, which only redirection is for.
	if to.Public.Proto.Load() < 3 && !(redirected && to.HasFlag(session.FlagPubSub)) {
		return
	}
	to.Push(t.limit(to), func(w *resp.Writer) {
		if w.Proto >= 3 {
			w.Push(2)
			w.BulkString("invalidate")
		} else {
			w.Array(3)
			w.BulkString("message")
			w.BulkString(channel)
		}
		body(w)
	})
}

// tellBroken tells a session that the one that should hear for it is gone.
func (t *Table) tellBroken(cl *client) {
	cl.s.SetFlag(session.FlagBrokenRedirect, true)
	if cl.s.Public.Proto.Load() < 3 {
		return
	}
	cl.s.Push(t.limit(cl.s), func(w *resp.Writer) {
		w.Push(2)
		w.BulkString("tracking-redir-broken")
		w.Int(int64(cl.redirect))
	})
}

// sendKeys delivers the names of changed keys.
func (t *Table) sendKeys(cl *client, keys ...string) {
	t.send(cl, func(w *resp.Writer) {
		w.Array(len(keys))
		for _, k := range keys {
			w.BulkString(k)
		}
	})
}
