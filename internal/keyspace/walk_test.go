package keyspace

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestAWalkHandsOutWhatStaysOnceAndHoldsNoShardLong(t *testing.T) {
	const stay = 20_000
	f := newFixture(t, 4).quiet()
	f.do(func(tx *Txn) {
		for i := range stay {
			put(t, tx, "stay:"+strconv.Itoa(i))
		}
	})
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 1))
	seen, last, most := map[string]int{}, 0, 0
	tx := f.k.NewTxn()
	tx.Begin(f.clock.Now(), 0, 2, false)
	tx.Walk(func(en Entry) {
		seen[string(en.Key())]++
		last++
	}, func() bool {
		most, last = max(most, last), 0
		f.do(func(tx *Txn) { // others come and go, so that tables split and merge
			for range 40 {
				key := "go:" + strconv.Itoa(rnd.IntN(30_000))
				if en, ok := tx.Peek([]byte(key)); ok {
					tx.Delete(en, eventTest)
				} else {
					put(t, tx, key)
				}
			}
		})
		return true
	})
	for i := range stay {
		if n := seen["stay:"+strconv.Itoa(i)]; n != 1 {
			t.Fatalf("seed %d: a key that was there all the time came %d times", seed, n)
		}
	}
	for key, n := range seen {
		if n != 1 {
			t.Fatalf("seed %d: %s came %d times", seed, key, n)
		}
	}
	if most > 2*walkStep {
		t.Errorf("%d keys under one lock", most)
	}
}

func TestAWalkEndsWhenItIsTold(t *testing.T) {
	f := newFixture(t, 4).quiet()
	f.do(func(tx *Txn) {
		for i := range 10_000 {
			put(t, tx, strconv.Itoa(i))
		}
	})
	n, steps := 0, 0
	tx := f.k.NewTxn()
	tx.Begin(f.clock.Now(), 0, 2, false)
	tx.Walk(func(Entry) { n++ }, func() bool { steps++; return steps < 3 })
	if steps != 3 || n == 0 || n > 6*walkStep {
		t.Errorf("%d keys in %d steps", n, steps)
	}
}

func TestTrashIsEmptiedInSteps(t *testing.T) {
	f := newFixture(t, 4).quiet()
	f.do(func(tx *Txn) {
		for i := range 10_000 {
			put(t, tx, strconv.Itoa(i))
		}
		tx.Flush(0, false)
	})
	tx := f.k.NewTxn()
	tx.Begin(f.clock.Now(), 0, 2, false)
	steps, before, most := 0, f.counts().Pending, int64(0)
	tx.EmptyTrash(func() bool {
		now := f.counts().Pending
		most, before = max(most, before-now), now
		steps++
		return true
	})
	if f.k.Used() != 0 || most > trashStep || steps < 10_000/trashStep {
		t.Errorf("%d bytes are left after %d steps, %d entries in one of them", f.k.Used(), steps, most)
	}
}

// What is left of a large value is trash as well, whether a database was flushed or not.
func TestTrashIsEmptiedOfLargeValues(t *testing.T) {
	const blocks = 10_000
	f := newFixture(t, 2)
	f.putChain("k", blocks)
	f.peek("k", func(tx *Txn, en Entry) { tx.Delete(en, eventTest) })
	tx := f.k.NewTxn()
	tx.Begin(f.clock.Now(), 0, 2, false)
	steps := 0
	tx.EmptyTrash(func() bool { steps++; return steps < blocks })
	if pending := f.counts().Pending; pending != 0 || steps > blocks/trashStep+1 {
		t.Errorf("%d values are left after %d steps", pending, steps)
	}
}

func put(t *testing.T, tx *Txn, key string) {
	t.Helper()
	if err := tx.PutString([]byte(key), []byte("v"), PutOptions{Quiet: true}, eventTest); err != nil {
		t.Fatal(err)
	}
}
