package store

import "testing"

// spread draws per entry times as many entries as qualify. It returns the ratio of
// the variance of how often each came to what independent uniform draws give.
func spread(t *testing.T, m *tableModel, volatileOnly bool, per int) float64 {
	t.Helper()
	total := m.tab.Len()
	if volatileOnly {
		total = m.tab.Volatile()
	}
	counts := map[Handle]int{}
	for range total * per {
		m.tab.Sample(m.rnd.Uint64(), 1, volatileOnly, func(h Handle) { counts[h]++ })
	}
	sum := float64((total - len(counts)) * per * per)
	for _, c := range counts {
		sum += float64((c - per) * (c - per))
	}
	return sum / float64(total*per)
}

// bulk inserts count keys from id on, each every-th with a deadline.
func (m *tableModel) bulk(t *testing.T, from, count, every uint32) {
	t.Helper()
	for id := from; id < from+count; id++ {
		key := keyOf(id)
		h, _ := m.a.NewEntry(KindString, shapeIf(id%every == 0), key, 8)
		if !m.tab.Insert(m.tab.Hash(key), h) {
			t.Fatal("arena exhausted")
		}
		m.keys[id] = h
		m.ids = append(m.ids, id)
	}
}

func TestSampleIsUniform(t *testing.T) {
	for _, n := range []uint32{1, 3, 100, 9000, 12500, 22100} {
		m := newTableModel(newArena(t, 64<<20), uint64(n))
		m.bulk(t, 0, n, 2)
		// With 20 draws each, a bias of 20% between parts of the table gives
		// a ratio of 1.2 where they are halves.
		for _, volatileOnly := range []bool{false, true} {
			if r := spread(t, m, volatileOnly, 20); n >= 9000 && r > 1.1 || r > 3 {
				t.Errorf("%d entries, volatile only %v: variance is %.2f of what uniform draws give", n, volatileOnly, r)
			}
		}
	}
}

func TestSampleFindsRareVolatileEntriesEvenly(t *testing.T) {
	for every, limit := range map[uint32]float64{20: 1.3, 200: 1.5, 1000: 2.2, 10000: 6} {
		m := newTableModel(newArena(t, 64<<20), uint64(every))
		m.bulk(t, 0, 180000, every)
		// A ratio of 1 + 50 s*s means that the chances of entries deviate by s.
		r := spread(t, m, true, 50)
		t.Logf("1 in %d: ratio %.2f", every, r)
		if r > limit {
			t.Errorf("one volatile entry in %d: variance is %.2f of what uniform draws give", every, r)
		}
	}
}

func TestSampleCallbackMayRemoveEntries(t *testing.T) {
	m := newTableModel(newArena(t, 64<<20), 1)
	m.bulk(t, 0, 5000, 10)
	for m.tab.Volatile() > 0 {
		m.tab.Sample(m.rnd.Uint64(), 10, true, func(h Handle) {
			id := m.emitted(t, h)
			s, _ := m.find(t, id)
			m.tab.Delete(s)
			m.a.Free(h)
			m.forget(id)
		})
	}
	m.verify(t)
	if m.tab.Len() != 4500 {
		t.Errorf("%d entries left, want 4500", m.tab.Len())
	}
	m.tab.Sample(1, 10, true, func(Handle) { t.Error("a volatile entry where there is none") })
}
