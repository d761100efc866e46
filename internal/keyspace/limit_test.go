package keyspace

import (
	"strconv"
	"testing"

	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/journal"
)

// Buffers of clients that exceed the limit by themselves do not drive the data out, for that would not help; a limit that
// somebody sets so low does.
func TestDataGivesWayToALoweredLimitOnly(t *testing.T) {
	f := newFixture(t, 4)
	f.k.SetPolicy(eviction.AllKeysLRU)
	f.do(func(tx *Txn) {
		for i := range 100 {
			if err := tx.PutString([]byte(strconv.Itoa(i)), []byte("value"), PutOptions{}, journal.Event{}); err != nil {
				t.Fatal(err)
			}
		}
	})
	left := func() (n int) {
		f.do(func(tx *Txn) { tx.Each(func(Entry) { n++ }) })
		return n
	}
	f.k.SetMaxMemory(f.k.Used() + 1<<20)
	f.k.AddExternal(8 << 20)
	if f.tx.MakeRoom(f.clock.Now(), 0, f.clock) || left() != 100 {
		t.Fatalf("buffers: %d of 100 keys are left", left())
	}
	f.k.SetMaxMemory(1)
	if f.tx.MakeRoom(f.clock.Now(), 0, f.clock) || left() != 0 {
		t.Fatalf("a lowered limit left %d keys", left())
	}
	f.do(func(tx *Txn) {
		if err := tx.PutString([]byte("late"), []byte("value"), PutOptions{}, journal.Event{}); err != nil {
			t.Fatal(err)
		}
	})
	if f.tx.MakeRoom(f.clock.Now(), 0, f.clock) || left() != 1 {
		t.Fatal("what came after the limit had been followed went too")
	}
	f.k.SetPolicy(eviction.AllKeysRandom)
	if f.tx.MakeRoom(f.clock.Now(), 0, f.clock) || left() != 0 || f.k.Lowered() {
		t.Fatal("another policy was not followed")
	}
}
