package store

import (
	"sync"
	"testing"
)

// What is guessed without the lock is right while nobody changes the table.
func TestPrefetchGuessesTheHomeOfEveryKey(t *testing.T) {
	m := newTableModel(newArena(t, 16<<20), 1)
	if m.tab.guess(0) != nil {
		t.Error("a bucket of an empty table")
	}
	for id := range uint32(20000) {
		m.insert(t, id)
		hash := m.tab.Hash(keyOf(id))
		s, _ := m.find(t, id)
		if m.tab.guess(hash) != m.tab.bucket(s.seg, uint32(s.home)) {
			t.Fatalf("key %d of %d: the guess is not its home bucket", id, m.tab.Len())
		}
	}
}

// Prefetching goes on while the table grows and shrinks, and its segments are freed and used for entries. The race detector
// watches the directory; the rest shows as a fault.
func TestPrefetchBesideChanges(t *testing.T) {
	m := newTableModel(newArena(t, 16<<20), 1)
	var all sync.WaitGroup
	end := make(chan struct{})
	for i := range uint64(2) {
		all.Go(func() {
			for hash := i; ; hash += 0x9E3779B97F4A7C15 {
				select {
				case <-end:
					return
				default:
					m.tab.Prefetch(hash)
					m.tab.PrefetchEntry(hash)
				}
			}
		})
	}
	for range 4 {
		for id := range uint32(5000) {
			m.insert(t, id)
		}
		m.drain(t, 1<<30)
	}
	close(end)
	all.Wait()
	m.verify(t)
}
