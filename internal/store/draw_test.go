package store

import "testing"

// TestDrawIsUniform: as often as independent draws would, each entry comes up, in full tables and for rare volatile entries.
func TestDrawIsUniform(t *testing.T) {
	for _, c := range []struct {
		n, every     uint32
		volatileOnly bool
		limit        float64
	}{
		{100, 1, false, 3}, {9000, 1, false, 1.2}, {22100, 1, false, 1.2}, {22100, 2, true, 1.2}, {22100, 6, true, 1.2},
		{180000, 20, true, 1.2}, {180000, 200, true, 1.5}, {180000, 1000, true, 1.5},
	} {
		m := newTableModel(newArena(t, 64<<20), uint64(c.n))
		m.bulk(t, 0, c.n, c.every)
		total := m.tab.Len()
		if c.volatileOnly {
			total = m.tab.Volatile()
		}
		const per = 20
		counts, drawn := map[Handle]int{}, 0
		for drawn < total*per {
			out := m.tab.Draw(m.rnd.Uint64(), 8, c.volatileOnly, nil)
			for _, d := range out {
				counts[d.Entry]++
			}
			if drawn += len(out); len(out) < 1 {
				t.Fatalf("%+v: nothing drawn", c)
			}
		}
		mean := float64(drawn) / float64(total)
		sum := float64(total-len(counts)) * mean * mean
		for _, n := range counts {
			sum += (float64(n) - mean) * (float64(n) - mean)
		}
		r := sum / float64(drawn)
		t.Logf("%+v: variance is %.2f of what independent draws give", c, r)
		if r > c.limit {
			t.Errorf("%+v: variance is %.2f of what independent draws give", c, r)
		}
	}
}

// TestDrawGivesWhatIsThere: entries that qualify and the buckets that refer to them, as many as asked for and not many more;
// all of them, each once, when there are no more than that.
func TestDrawGivesWhatIsThere(t *testing.T) {
	for _, keys := range []uint32{0, 1, 5, 64, 900, 40000} {
		for _, every := range []uint32{1, 7, 5000} {
			m := newTableModel(newArena(t, 64<<20), uint64(keys))
			m.bulk(t, 0, keys, every)
			for _, volatileOnly := range []bool{false, true} {
				there := m.tab.Len()
				if volatileOnly {
					there = m.tab.Volatile()
				}
				for _, n := range []int{1, 8, 64, there, there + 1} {
					checkDraw(t, m, n, there, volatileOnly)
				}
			}
		}
	}
}

func checkDraw(t *testing.T, m *tableModel, n, there int, volatileOnly bool) {
	t.Helper()
	out := m.tab.Draw(m.rnd.Uint64(), n, volatileOnly, nil)
	seen := map[Handle]bool{}
	for _, d := range out {
		seen[d.Entry] = true
		e := m.a.Entry(d.Entry)
		slot, ok := m.tab.FindHandle(m.tab.Hash(e.Key()), d.Entry)
		if !ok || volatileOnly && !e.HasDeadline() {
			t.Fatalf("%d of %d: an entry that is not there or does not qualify", n, there)
		}
		if d.Bucket != slot.seg+Handle(uint32(slot.at)*uint32(bucketUnits)) {
			t.Fatalf("%d of %d: bucket %d, the entry is in another", n, there, d.Bucket)
		}
		m.a.Prefetch(d)
	}
	switch {
	case there <= n && (len(out) != there || len(seen) != there):
		t.Errorf("%d of %d: %d drawn, %d different ones", n, there, len(out), len(seen))
	case there > n && (len(out) == 0 || len(out) > n+2*maxBuckets*bucketSlots/drawDense+bucketSlots):
		t.Errorf("%d of %d: %d drawn", n, there, len(out))
	}
}
