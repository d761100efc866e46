package keyspace

import (
	"testing"
	"time"
)

// A keyspace that was full of small values and holds few of them now gives its pages back, while it is read and written.
func TestSparseMemoryIsPackedAndGivenBack(t *testing.T) {
	const keys, kept = 120_000, 12 // one in kept stays
	f := newFixture(t, 2).quiet()
	f.do(func(tx *Txn) {
		for i := range keys {
			o := PutOptions{}
			switch i % 3 {
			case 0:
				o.Deadline = tx.After(int64(1000 + i))
			case 1:
				o.Deadline = tx.At(tx.Now.WallMs() + int64(1000+i))
			}
			if err := tx.PutString([]byte(name(i)), make([]byte, 60+i%40), o, eventTest); err != nil {
				t.Fatal(err)
			}
		}
		for i := range keys {
			if i%kept != 0 {
				en, _ := tx.Peek([]byte(name(i)))
				tx.Delete(en, eventTest)
			}
		}
	})
	release := func() {
		for shard := range f.k.shards {
			for f.k.ReleaseOne(shard) {
			}
		}
	}
	release()
	c := &tickingClock{Fake: f.clock, step: 20 * time.Microsecond}
	before := f.k.Committed()
	slices, passes := 0, 0
	for shard := range f.k.shards {
		for {
			pass := 0
			for f.tx.DefragSlice(shard, 500*time.Microsecond, c) {
				pass++
				// Clients are served in between.
				f.set(name(slices*kept), "new value", f.after(time.Hour))
				if slices%50 == 0 {
					check(t, f.k)
				}
				if slices++; slices > 100_000 {
					t.Fatal("defragmentation does not come to an end")
				}
			}
			if pass == 0 {
				break
			}
			passes++
		}
	}
	release()
	check(t, f.k)
	after, used := f.k.Committed(), f.k.Used()
	t.Logf("pages in use: %d KiB before, %d after; entries and index %d KiB; %d entries moved in %d slices of %d passes",
		before>>10, after>>10, used>>10, f.counts().DefragMoved, slices, passes)
	if after > used*13/10+1<<20 {
		t.Errorf("%d bytes are in pages after packing, %d are in use", after, used)
	}
	if slices < 20 {
		t.Errorf("only %d slices: each was long", slices)
	}
	f.do(func(tx *Txn) {
		for i := 0; i < keys; i += kept {
			if _, ok := tx.Peek([]byte(name(i))); !ok {
				t.Fatalf("%s is lost", name(i))
			}
		}
	})
	f.clock.Advance(2 * time.Hour)
	f.expire()
	check(t, f.k)
}
