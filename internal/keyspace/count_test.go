package keyspace

import (
	"math"
	"testing"
	"time"
)

// While clients are paused, due keys stay in memory and slots of the index are due in part. A key that lives is counted
// whatever else is in its slot; one that is due may be.
func TestKeysThatLiveAreCountedWhileDueOnesAreKept(t *testing.T) {
	const first, later = 1500, 3000
	f := newFixture(t, 1).quiet()
	f.k.Settings.HoldExpiry.Store(true)
	f.set("near", "v", f.after(time.Second)) // where the index begins: what is far from it is placed coarsely
	for i := range first + later {
		at := f.after(5 * time.Minute)
		if i >= first {
			at = f.after(5*time.Minute + 100*time.Millisecond)
		}
		f.set(name(i), "v", at)
	}
	f.clock.Advance(5*time.Minute + 50*time.Millisecond)
	f.do(func(tx *Txn) {
		if got := tx.Len(); got < later || got > 1+first+later {
			t.Errorf("%d keys are counted, %d live", got, later)
		}
		if db := tx.DBStats()[0]; db.Keys < later || db.Volatile < later {
			t.Errorf("statistics count %+v, %d live", db, later)
		}
	})
}

func TestTheMeanTimeLeftOfKeysForEverIsNotNegative(t *testing.T) {
	f := newFixture(t, 1)
	for i := range 3 {
		f.set(name(i), "v", wallDeadline(math.MaxInt64))
	}
	f.do(func(tx *Txn) {
		want := int64(math.MaxInt64) - tx.Now.WallMs()
		if got := tx.DBStats()[0].AvgTTLMs; got != want {
			t.Errorf("mean time left %d, want %d", got, want)
		}
	})
}
