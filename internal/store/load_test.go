package store

import "testing"

// The index costs 64 bytes a bucket of 12 slots: 10.7 bytes an entry at half load.
func TestIndexStaysHalfFullAtEverySize(t *testing.T) {
	m := newTableModel(newArena(t, 64<<20), 1)
	worst := 0.0
	verify := func() {
		if n := m.tab.Len(); n > 1000 {
			worst = max(worst, float64(m.tab.segBytes)/float64(n))
		}
	}
	for id := range uint32(60000) {
		m.bulk(t, id, 1, 3)
		verify()
	}
	for len(m.ids) > 1000 {
		m.delete(t, m.rnd.IntN(len(m.ids)))
		verify()
	}
	if worst > 10.7 {
		t.Errorf("up to %.1f bytes of index for an entry", worst)
	}
	m.verify(t)
}

// Where a count stays, steady deletes and inserts must not resize segments again
// and again.
func TestSegmentsKeepTheirSizeAtAConstantCount(t *testing.T) {
	m := newTableModel(newArena(t, 64<<20), 1)
	m.bulk(t, 0, 1, 3)
	for n := uint32(1); n < 800; n++ {
		m.bulk(t, n, 1, 3)
		changes := 0
		for range 20 {
			before := m.tab.dir[0]
			m.delete(t, m.rnd.IntN(len(m.ids)))
			for !m.insert(t, 1000+m.rnd.Uint32N(1<<20)) {
			}
			if m.tab.dir[0] != before {
				changes++
			}
		}
		if changes > 2 {
			t.Fatalf("%d entries: resized %d times in 20 deletes and inserts", len(m.ids), changes)
		}
	}
}

func TestFindReadsFewBucketsAfterLongChurn(t *testing.T) {
	m := newTableModel(newArena(t, 64<<20), 1)
	m.bulk(t, 0, 15000, 3)
	next := uint32(15000)
	for range 150000 {
		m.delete(t, m.rnd.IntN(len(m.ids)))
		m.bulk(t, next, 1, 3)
		next++
	}
	buckets, reads := 0, 0
	for d := uint32(0); d < uint32(len(m.tab.dir)); d += 1 << (m.tab.depth - m.tab.meta[d].depth) {
		bs := m.tab.bucketsOf(m.tab.dir[d])
		for i := range bs {
			buckets++
			reads++
			for k := i; bs[k].passed() != 0; k = (k + 1) % len(bs) {
				reads++
			}
		}
	}
	if got := float64(reads) / float64(buckets); got > 2.5 {
		t.Errorf("a miss reads %.2f buckets", got)
	}
	m.verify(t)
}

func TestSteadyUseAllocatesNothingOnTheHeap(t *testing.T) {
	m := newTableModel(newArena(t, 64<<20), 1)
	m.bulk(t, 0, 20000, 3)
	key, other := keyOf(7), keyOf(30000)
	hash, otherHash := m.tab.Hash(key), m.tab.Hash(other)
	cursor := uint64(0)
	sum := Handle(0)
	if n := testing.AllocsPerRun(2000, func() {
		s, old := m.tab.Find(hash, key)
		h, _ := m.a.NewEntry(KindString, WithDeadline, key, 100)
		m.tab.Replace(s, h)
		m.a.Free(old)
		h, _ = m.a.NewEntry(KindString, 0, other, 5)
		m.tab.Insert(otherHash, h)
		s, _ = m.tab.Find(otherHash, other)
		m.tab.Delete(s)
		m.a.Free(h)
		cursor = m.tab.Scan(cursor, func(h Handle) { sum += h })
		m.tab.Sample(uint64(sum), 5, true, func(h Handle) { sum += h })
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The goal of the product: 72 bytes for a 16-byte key with a 32-byte value, 80 with
// a deadline; also after the keys have been replaced by others one by one.
func TestReferenceCaseFitsItsBudget(t *testing.T) {
	const keys = 1_000_000
	for _, deadline := range []bool{false, true} {
		budget := 72.0
		if deadline {
			budget = 80
		}
		a, tab := filled(t, keys, deadline)
		fresh := float64(a.Used()) / keys
		var buf [16]byte
		for i := range uint64(keys) {
			key := benchKey(buf[:], i)
			s, h := tab.Find(tab.Hash(key), key)
			tab.Delete(s)
			a.Free(h)
			key = benchKey(buf[:], keys+i)
			h, _ = a.NewEntry(KindString, shapeIf(deadline), key, 32)
			tab.Insert(tab.Hash(key), h)
		}
		settle(a)
		after := float64(a.Used()) / keys
		t.Logf("deadline %v: %.2f bytes a key, %.2f after replacing all, %.2f committed", deadline, fresh, after, float64(a.Committed())/keys)
		if fresh > budget || after > budget || float64(a.Committed()) > budget*keys*1.05 {
			t.Errorf("deadline %v: over %v bytes a key", deadline, budget)
		}
	}
}
