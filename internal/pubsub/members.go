package pubsub

import "github.com/curfewkv/curfew/internal/session"

// indexed is the number of members from which their places are indexed; below, looking through them is cheaper in memory
// and no slower.
const indexed = 16

// members are the sessions that hear one name. Guarded by the lock of what holds them.
type members struct {
	list []*session.Session
	at   map[*session.Session]int // place in list; nil for short lists
}

// add appends a session that is not in the list.
func (m *members) add(s *session.Session) {
	m.list = append(m.list, s)
	if m.at != nil {
		m.at[s] = len(m.list) - 1
		return
	}
	if len(m.list) < indexed {
		return
	}
	m.at = make(map[*session.Session]int, 2*indexed)
	for i, s := range m.list {
		m.at[s] = i
	}
}

// remove drops a session, moving the last one to its place.
func (m *members) remove(s *session.Session) {
	i, ok := m.find(s)
	if !ok {
		return
	}
	last := len(m.list) - 1
	m.list[i] = m.list[last]
	m.list[last] = nil
	m.list = m.list[:last]
	if m.at == nil {
		return
	}
	delete(m.at, s)
	if i < last {
		m.at[m.list[i]] = i
	}
}

func (m *members) find(s *session.Session) (int, bool) {
	if m.at != nil {
		i, ok := m.at[s]
		return i, ok
	}
	for i := range m.list {
		if m.list[i] == s {
			return i, true
		}
	}
	return 0, false
}

// push hands a message to every member and returns how many there are. One that went away, and is only still to be
// forgotten, is none.
func (m *members) push(limit int64, frame []byte) int {
	n := 0
	for _, s := range m.list {
		if s.Departed() {
			continue
		}
		s.PushFrame(limit, frame)
		n++
	}
	return n
}
