package latency

import (
	"sort"
	"strings"
	"sync"
)

// Monitor is safe for concurrent use.
type Monitor struct {
	threshold func() int64 // immutable: ms, 0 for no monitoring

	mu     sync.Mutex
	events map[string]*series
}

// New makes a monitor; threshold is asked at each use for latency-monitor-threshold, in ms.
func New(threshold func() int64) *Monitor {
	return &Monitor{threshold: threshold, events: map[string]*series{}}
}

// Threshold is the least duration in ms that is kept; 0: nothing is.
func (m *Monitor) Threshold() int64 { return m.threshold() }

// Add keeps a duration of an event that ended at a unix time in seconds, if it is long enough. Durations are in ms.
func (m *Monitor) Add(event string, ms, unix int64) {
	if t := m.threshold(); t <= 0 || ms < t {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.events[event]
	if s == nil {
		s = &series{}
		m.events[event] = s
	}
	s.add(ms, unix)
}

// Latest is an event with its newest sample and its longest duration of all time in ms.
type Latest struct {
	Event string
	Sample
	MaxMs int64
}

// Latest lists all events by name.
func (m *Monitor) Latest() []Latest {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Latest, 0, len(m.events))
	for name, s := range m.events {
		out = append(out, Latest{name, *s.last(), s.max})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Event < out[j].Event })
	return out
}

// History returns an event's samples, oldest first, and its longest duration of all time in ms.
func (m *Monitor) History(event string) (list []Sample, maxMs int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.events[event]; s != nil {
		return s.list(), s.max
	}
	return nil, 0
}

// Reset forgets the events of the given names, in any case, or all when none is given, and returns how many there were.
func (m *Monitor) Reset(names ...string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for event := range m.events {
		if len(names) == 0 || named(event, names) {
			delete(m.events, event)
			n++
		}
	}
	return n
}

func named(event string, names []string) bool {
	for _, n := range names {
		if strings.EqualFold(event, n) {
			return true
		}
	}
	return false
}
