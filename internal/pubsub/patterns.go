package pubsub

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/session"
	"github.com/curfewkv/curfew/resp/glob"
)

// patterns are the subscribed patterns. Every published message is compared with each of them, as in Redis.
type patterns struct {
	count atomic.Int64 // distinct patterns

	mu     sync.RWMutex
	byText map[string]*pattern
	list   []*pattern // in no order
}

// pattern is one pattern and its subscribers.
type pattern struct {
	text   []byte
	prefix []byte // every channel that matches begins with it
	at     int    // its place in the list
	members
}

func (p *patterns) add(text string, s *session.Session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pt := p.byText[text]
	if pt == nil {
		pt = &pattern{text: []byte(text)}
		pt.prefix, pt.at = glob.Prefix(pt.text), len(p.list)
		if p.byText == nil {
			p.byText = make(map[string]*pattern)
		}
		p.byText[text] = pt
		p.list = append(p.list, pt)
		p.count.Add(1)
	}
	pt.add(s)
}

func (p *patterns) remove(text string, s *session.Session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pt := p.byText[text]
	pt.remove(s)
	if len(pt.members.list) > 0 {
		return
	}
	delete(p.byText, text)
	p.count.Add(-1)
	last := len(p.list) - 1
	p.list[pt.at] = p.list[last]
	p.list[pt.at].at = pt.at
	p.list[last] = nil
	p.list = p.list[:last]
}

func (pt *pattern) matches(channel []byte) bool {
	return bytes.HasPrefix(channel, pt.prefix) && glob.Match(pt.text, channel, false)
}
