package lifetime

import (
	"sync"
	"time"
)

// nearOverhead is about what an entry takes besides its key and value: list element, map cell, headers.
const nearOverhead = 128

// nearStore holds the values, within bounds of number and bytes: what was used least recently goes first.
type nearStore struct {
	maxBytes  int64
	telemetry Telemetry

	mu struct {
		sync.Mutex
		lru     *recent[nearEntry]
		bytes   int64
		epoch   uint64                 // raised when everything is dropped
		flights map[string]*nearFlight // keys that are being read
	}
}

type nearEntry struct {
	value string
	until time.Time
}

// nearFlight stands in for a value that is being read. Readers of one key share it, each with the version that it had
// when that reader began: an invalidation raises the version, so that what was read before it is not kept.
type nearFlight struct {
	readers int
	version uint64
}

// nearTicket is a reader's part in a flight.
type nearTicket struct {
	key     string
	epoch   uint64
	version uint64
	flight  *nearFlight
}

func newNearStore(entries int, bytes int64, telemetry Telemetry) *nearStore {
	s := &nearStore{maxBytes: bytes, telemetry: telemetry}
	s.mu.lru = newRecent(entries, func(key string, e nearEntry) {
		s.mu.bytes -= nearSize(key, e.value)
		telemetry.add(nearBytes, -float64(nearSize(key, e.value)))
		telemetry.add(nearEntries, -1)
	})
	s.mu.flights = map[string]*nearFlight{}
	return s
}

func nearSize(key, value string) int64 { return int64(len(key) + len(value) + nearOverhead) }

// get returns the value, or a ticket to be handed to land or abandon.
func (s *nearStore) get(key string, now time.Time) (string, nearTicket, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.mu.lru.get(key); ok {
		if now.Before(e.until) {
			return e.value, nearTicket{}, true
		}
		s.mu.lru.remove(key)
	}
	f := s.mu.flights[key]
	if f == nil {
		f = &nearFlight{}
		s.mu.flights[key] = f
	}
	f.readers++
	return "", nearTicket{key: key, epoch: s.mu.epoch, version: f.version, flight: f}, false
}

// land keeps a value until an instant, unless it was invalidated since its reader began.
func (s *nearStore) land(t nearTicket, value string, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaveLocked(t)
	size := nearSize(t.key, value)
	if t.epoch != s.mu.epoch || t.version != t.flight.version || size > s.maxBytes {
		return
	}
	s.mu.bytes += size
	s.telemetry.add(nearBytes, float64(size))
	s.telemetry.add(nearEntries, 1)
	s.mu.lru.put(t.key, nearEntry{value: value, until: until})
	for s.mu.bytes > s.maxBytes {
		s.mu.lru.removeOldest()
	}
}

func (s *nearStore) abandon(t nearTicket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaveLocked(t)
}

// leaveLocked: REQUIRES s.mu.
func (s *nearStore) leaveLocked(t nearTicket) {
	t.flight.readers--
	if t.flight.readers == 0 {
		delete(s.mu.flights, t.key)
	}
}

func (s *nearStore) invalidate(keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		s.mu.lru.remove(key)
		if f := s.mu.flights[key]; f != nil {
			f.version++
		}
	}
}

// drop forgets everything, also what is being read.
func (s *nearStore) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.epoch++
	s.mu.lru.clear()
}

func (s *nearStore) size() (int, int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.lru.len(), s.mu.bytes
}
