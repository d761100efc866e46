package store

import (
	"encoding/binary"
	"hash/maphash"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// tableModel is a table with the Go map that it should equal, and a scan under
// way. Hashes are seeded by the process, so a failing sequence may pass when it
// is run again.
type tableModel struct {
	a    *Arena
	tab  *Table
	keys map[uint32]Handle
	ids  []uint32 // the same keys, to draw from
	rnd  *rand.Rand

	cursor uint64
	during map[uint32]bool // in the table since the scan began
	seen   map[uint32]int  // emitted by the scan, since added
}

func newTableModel(a *Arena, seed uint64) *tableModel {
	return &tableModel{a: a, tab: NewTable(a, maphash.MakeSeed()), keys: map[uint32]Handle{}, rnd: rand.New(rand.NewPCG(seed, 1))}
}

// keyOf gives keys of different lengths.
func keyOf(id uint32) []byte {
	return append(binary.BigEndian.AppendUint32(nil, id), "0123456789abcdef"[:id%17]...)
}

func idOf(key []byte) uint32 { return binary.BigEndian.Uint32(key) }

// insert reports whether there was memory.
func (m *tableModel) insert(t failer, id uint32) bool {
	key := keyOf(id)
	hash := m.tab.Hash(key)
	if s, h := m.tab.Find(hash, key); h != m.keys[id] {
		t.Fatalf("Find(%d) = %d at %+v, want %d", id, h, s, m.keys[id])
	}
	if m.keys[id] != 0 {
		return true
	}
	h, _ := m.a.NewEntry(KindString, shapeIf(m.rnd.IntN(3) == 0), key, int(id%40))
	if h == 0 {
		return false
	}
	if !m.tab.Insert(hash, h) {
		m.a.Free(h)
		return false
	}
	m.keys[id] = h
	m.ids = append(m.ids, id)
	return true
}

func (m *tableModel) find(t failer, id uint32) (Slot, Handle) {
	key := keyOf(id)
	s, h := m.tab.Find(m.tab.Hash(key), key)
	if h != m.keys[id] {
		t.Fatalf("Find(%d) = %d, want %d", id, h, m.keys[id])
	}
	if h != 0 {
		if s2, ok := m.tab.FindHandle(m.tab.Hash(key), h); !ok || s2 != s {
			t.Fatalf("FindHandle(%d) = %+v, %v; Find says %+v", id, s2, ok, s)
		}
	}
	return s, h
}

func (m *tableModel) delete(t failer, i int) {
	s, h := m.find(t, m.ids[i])
	m.tab.Delete(s)
	m.a.Free(h)
	m.forget(m.ids[i])
	m.ids[i] = m.ids[len(m.ids)-1]
	m.ids = m.ids[:len(m.ids)-1]
}

func (m *tableModel) forget(id uint32) {
	delete(m.keys, id)
	delete(m.during, id)
	delete(m.seen, id)
}

// replace gives the key another block, with or without deadline.
func (m *tableModel) replace(t failer, id uint32) {
	s, old := m.find(t, id)
	h, _ := m.a.NewEntry(KindString, shapeIf(m.rnd.IntN(2) == 0), keyOf(id), m.rnd.IntN(100))
	if h == 0 {
		return
	}
	m.tab.Replace(s, h)
	m.a.Free(old)
	m.keys[id] = h
}

// emitted checks that a handle names a key of the model, and returns the key.
func (m *tableModel) emitted(t failer, h Handle) uint32 {
	id := idOf(m.a.Entry(h).Key())
	if m.keys[id] != h {
		t.Fatalf("handle %d with key %d is not in the table", h, id)
	}
	return id
}

// scan goes on with the scan under way, or begins one. At its end, each entry
// that was there all the time must have been emitted, once.
func (m *tableModel) scan(t failer, calls int) {
	for range calls {
		if m.cursor == 0 {
			m.during, m.seen = map[uint32]bool{}, map[uint32]int{}
			for id := range m.keys {
				m.during[id] = true
			}
		}
		last := m.cursor
		m.cursor = m.tab.Scan(m.cursor, func(h Handle) { m.seen[m.emitted(t, h)]++ })
		if m.cursor>>48 != 0 || m.cursor != 0 && m.cursor <= last {
			t.Fatalf("cursor went from %#x to %#x", last, m.cursor)
		}
		if m.cursor != 0 {
			continue
		}
		for id := range m.during {
			if m.seen[id] != 1 {
				t.Fatalf("key %d was there during the whole scan, and emitted %d times", id, m.seen[id])
			}
		}
		return
	}
}

func (m *tableModel) drain(t failer, limit int) {
	n := 0
	done := m.tab.Drain(limit, func(h Handle) {
		id := m.emitted(t, h)
		if s, h := m.tab.Find(m.tab.Hash(keyOf(id)), keyOf(id)); h != 0 {
			t.Fatalf("drained key %d is still found at %+v", id, s)
		}
		m.forget(id)
		m.a.Free(h)
		n++
	})
	if n > limit || done != (len(m.keys) == 0) || !done && n != limit {
		t.Fatalf("Drain(%d) removed %d, %d left, done %v", limit, n, len(m.keys), done)
	}
	m.ids = m.ids[:0]
	for id := range m.keys {
		m.ids = append(m.ids, id)
	}
}

func (m *tableModel) sample(t failer, n int, volatileOnly bool) {
	got := 0
	m.tab.Sample(m.rnd.Uint64(), n, volatileOnly, func(h Handle) {
		m.emitted(t, h)
		if volatileOnly && !m.a.Entry(h).HasDeadline() {
			t.Fatalf("handle %d has no deadline", h)
		}
		got++
	})
	want := n
	if m.tab.Len() == 0 || volatileOnly && m.tab.Volatile() == 0 {
		want = 0
	}
	if got != want {
		t.Fatalf("Sample(%d, %v) of %d, %d volatile: %d entries", n, volatileOnly, m.tab.Len(), m.tab.Volatile(), got)
	}
}

// defrag moves entries and segments, as the keyspace does.
func (m *tableModel) defrag(t failer) {
	m.a.unpick()
	for i := range m.a.classes {
		m.a.classes[i].moveBelow = m.a.classes[i].slots
	}
	for _, id := range m.ids {
		s, old := m.find(t, id)
		if !m.a.ShouldMove(old) {
			continue
		}
		n := m.a.Entry(old).Size()
		h := m.a.Alloc(n)
		if h == 0 {
			return
		}
		copy(m.a.Bytes(h, n), m.a.Bytes(old, n))
		m.tab.Replace(s, h)
		m.a.Free(old)
		m.keys[id] = h
	}
	for c := m.tab.Relocate(0, 1); c != 0; {
		c = m.tab.Relocate(c, 3)
	}
}

func (m *tableModel) verify(t failer) {
	t.Helper()
	volatile := 0
	for _, h := range m.keys {
		if m.a.Entry(h).HasDeadline() {
			volatile++
		}
	}
	if m.tab.Len() != len(m.keys) || m.tab.Volatile() != volatile {
		t.Fatalf("Len %d Volatile %d, want %d and %d", m.tab.Len(), m.tab.Volatile(), len(m.keys), volatile)
	}
	m.tab.check(t)
	m.a.check(t)
}

func (m *tableModel) step(t failer, op, amount int) {
	switch op {
	case 0, 1:
		for range amount {
			m.insert(t, m.rnd.Uint32N(20000))
		}
	case 2:
		for range min(amount, len(m.ids)) {
			m.delete(t, m.rnd.IntN(len(m.ids)))
		}
	case 3:
		for range amount / 8 {
			m.find(t, m.rnd.Uint32N(30000))
		}
	case 4:
		for range min(amount/8, len(m.ids)) {
			m.replace(t, m.ids[m.rnd.IntN(len(m.ids))])
		}
	case 5:
		m.scan(t, amount/16)
	case 6:
		m.sample(t, amount/16, amount%2 == 0)
	case 7:
		m.defrag(t)
	case 8:
		m.drain(t, amount)
	}
}

const tableOps = 9

func TestTableModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reserve := rapid.SampledFrom([]int64{128 << 10, 32 << 20}).Draw(t, "reserve")
		a, err := NewArena(reserve)
		if err != nil {
			t.Fatalf("NewArena: %v", err)
		}
		defer a.Close()
		m := newTableModel(a, rapid.Uint64().Draw(t, "seed"))
		amount := rapid.OneOf(rapid.IntRange(0, 50), rapid.IntRange(0, 5000))
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			m.step(t, rapid.IntRange(0, tableOps-1).Draw(t, "op"), amount.Draw(t, "amount"))
		}
		m.verify(t)
		m.drain(t, len(m.keys)+1)
		m.verify(t)
		if a.Used() != 0 {
			t.Fatalf("Used %d with an empty table", a.Used())
		}
	})
}

func FuzzTable(f *testing.F) {
	f.Add([]byte{0, 255, 5, 3, 0, 255, 5, 3, 2, 200, 5, 30, 2, 255, 5, 255})
	f.Add([]byte{0, 255, 0, 255, 0, 255, 8, 100, 7, 0, 0, 20, 4, 90})
	f.Fuzz(func(t *testing.T, in []byte) {
		a := newArena(t, 8<<20)
		m := newTableModel(a, uint64(len(in)))
		for ; len(in) >= 2; in = in[2:] {
			m.step(t, int(in[0])%tableOps, int(in[1])*8)
		}
		m.verify(t)
	})
}

// The claim that matters most, with a scan that is slow against the changes: the
// table grows and shrinks by a factor of 100 while it runs.
func TestScanFindsWhatStaysAcrossSplitsAndMerges(t *testing.T) {
	for round := range 20 {
		a := newArena(t, 64<<20)
		m := newTableModel(a, uint64(round))
		for id := range uint32(300) {
			m.insert(t, id)
		}
		grown := true
		for i := 0; i == 0 || m.cursor != 0; i++ {
			m.scan(t, 1+m.rnd.IntN(40))
			for range 1500 {
				if grown {
					m.insert(t, 1000+m.rnd.Uint32N(19000))
				} else if i := m.rnd.IntN(len(m.ids)); m.ids[i] >= 300 {
					m.delete(t, i)
				}
			}
			if m.tab.Len() > 12000 {
				grown = false
			} else if m.tab.Len() < 500 {
				grown = true
			}
			if m.cursor == 0 {
				break
			}
		}
		m.verify(t)
	}
}

func TestScanTakesAnyCursor(t *testing.T) {
	a := newArena(t, 32<<20)
	m := newTableModel(a, 1)
	for _, n := range []uint32{0, 5, 3000} {
		for id := range n {
			m.insert(t, id)
		}
		for range 20000 {
			c := m.rnd.Uint64() >> m.rnd.IntN(64)
			m.tab.Scan(c, func(h Handle) { m.emitted(t, h) })
		}
	}
}

func TestScanCallbackMayRemoveItsEntry(t *testing.T) {
	a := newArena(t, 32<<20)
	m := newTableModel(a, 1)
	for id := range uint32(10000) {
		m.insert(t, id)
	}
	for c, n := uint64(0), 0; ; n++ {
		c = m.tab.Scan(c, func(h Handle) {
			id := m.emitted(t, h)
			s, _ := m.find(t, id)
			m.tab.Delete(s)
			a.Free(h)
			m.forget(id)
		})
		if c == 0 {
			break
		}
	}
	m.verify(t)
	if m.tab.Len() != 0 || a.Used() != 0 {
		t.Errorf("%d entries left, %d bytes used", m.tab.Len(), a.Used())
	}
}

func TestTableReturnsMemoryAfterMassDeletion(t *testing.T) {
	a := newArena(t, 64<<20)
	m := newTableModel(a, 1)
	for id := range uint32(100000) {
		m.insert(t, id)
	}
	full := m.tab.Bytes()
	for len(m.ids) > 1000 {
		m.delete(t, m.rnd.IntN(len(m.ids)))
	}
	m.verify(t)
	if got := m.tab.Bytes(); got > full/50 {
		t.Errorf("the index of %d entries takes %d bytes, of 100,000 it took %d", len(m.ids), got, full)
	}
	for len(m.ids) > 0 {
		m.delete(t, 0)
	}
	m.verify(t)
	if got := m.tab.Bytes(); got != 0 || a.Used() != 0 {
		t.Errorf("empty: index takes %d, arena %d", got, a.Used())
	}
}

// Where segments cannot grow they fill to the last slot, entries lie far from
// home, and the counters of displacement saturate.
func TestTableWithoutMemoryToGrow(t *testing.T) {
	for round := range 10 {
		a := newArena(t, 2<<20)
		m := newTableModel(a, uint64(round))
		id := uint32(0)
		for ; id < 3000; id++ {
			m.insert(t, id)
		}
		// Blocks of entries stay available, blocks of segments do not.
		var spare []Handle
		for range 4000 {
			if h, _ := a.NewEntry(KindString, 0, keyOf(id), 20); h != 0 {
				spare = append(spare, h)
			}
		}
		for a.Alloc(1024) != 0 {
		}
		for _, h := range spare {
			a.Free(h)
		}
		for a.Alloc(1024) != 0 {
		}
		refused := 0
		for end := id + 3000; id < end; id++ {
			if !m.insert(t, id) {
				refused++
			}
		}
		m.verify(t)
		if refused == 0 || m.tab.Len() < 3000 {
			t.Fatalf("%d refused, %d entries", refused, m.tab.Len())
		}
		for range 2000 {
			m.delete(t, m.rnd.IntN(len(m.ids)))
			m.insert(t, 10000+m.rnd.Uint32N(5000))
		}
		m.verify(t)
		for m.scan(t, 1); m.cursor != 0; {
			m.scan(t, 10)
		}
		for len(m.ids) > 0 {
			m.delete(t, m.rnd.IntN(len(m.ids)))
		}
		m.verify(t)
	}
}
