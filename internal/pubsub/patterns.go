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
	list   []*pattern // in the order of their first subscription
}

// pattern is one pattern and who subscribed to it.
type pattern struct {
	text   []byte
	prefix []byte // every channel that matches begins with it
	members
}

func (p *patterns) add(text string, s *session.Session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pt := p.byText[text]
	if pt == nil {
		pt = &pattern{text: []byte(text)}
		pt.prefix = glob.Prefix(pt.text)
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
	for i := range p.list {
		if p.list[i] == pt {
			p.list = append(p.list[:i], p.list[i+1:]...)
			break
		}
	}
}

func (pt *pattern) matches(channel []byte) bool {
	return bytes.HasPrefix(channel, pt.prefix) && glob.Match(pt.text, channel, false)
}
