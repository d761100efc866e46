package keyspace

import (
	"testing"
	"time"
)

// Giving a key another name adds an entry to the table before the old one is taken out, and may expire the one that has
// the name: both may move what is in the table.
func TestAMovedKeyIsFoundWhereverItsTableGrowsOrShrinks(t *testing.T) {
	for _, dueNames := range []bool{false, true} {
		f := newFixture(t, 1)
		f.set("moving:0", "value", None)
		for i := range 1000 {
			f.set(name(i), "v", None)
		}
		step := func(i int) {
			from, to := "moving:"+name(i), "moving:"+name(i+1)
			if i == 0 {
				from = "moving:0"
			}
			if dueNames {
				f.set(to, "due", f.after(time.Millisecond))
				f.clock.Advance(time.Millisecond)
			}
			f.do(func(tx *Txn) {
				en, ok := tx.Write([]byte(from))
				if !ok {
					t.Fatalf("step %d: the key is lost", i)
				}
				if err := tx.Move(en, 0, []byte(to), eventTest, eventTest); err != nil {
					t.Fatal(err)
				}
			})
			if v, ok := f.get(to); !ok || v != "value" {
				t.Fatalf("step %d: %q, found %v", i, v, ok)
			}
		}
		for i := range 1000 {
			step(i)
			f.do(func(tx *Txn) {
				en, ok := tx.Peek([]byte(name(i)))
				if !ok {
					t.Fatalf("%s is lost", name(i))
				}
				tx.Delete(en, eventTest)
			})
			if i%97 == 0 {
				check(t, f.k)
			}
		}
		for i := range 1000 {
			f.set(name(i), "v", None)
			step(1000 + i)
		}
		check(t, f.k)
		if f.stored() != 1001 {
			t.Errorf("%d keys are stored", f.stored())
		}
	}
}

func TestAccessBookkeepingMovesWithAKey(t *testing.T) {
	f := newFixture(t, 4)
	f.set("k", "v", None)
	f.clock.Advance(time.Hour)
	idle := func(key string) (ms int64, freq uint8) {
		f.do(func(tx *Txn) {
			en, ok := tx.Peek([]byte(key))
			if !ok {
				t.Fatalf("%s is lost", key)
			}
			ms, freq = tx.IdleMs(en), tx.Freq(en)
		})
		return ms, freq
	}
	ms, freq := idle("k")
	if ms != time.Hour.Milliseconds() {
		t.Fatalf("idle for %d ms", ms)
	}
	f.do(func(tx *Txn) {
		en, _ := tx.Peek([]byte("k"))
		if err := tx.Move(en, 0, []byte("other"), eventTest, eventTest); err != nil {
			t.Fatal(err)
		}
	})
	if m, fr := idle("other"); m != ms || fr != freq {
		t.Errorf("after the move: idle for %d ms, counter %d; before %d, %d", m, fr, ms, freq)
	}
	f.do(func(tx *Txn) {
		en, _ := tx.Peek([]byte("other"))
		if err := tx.CopyTo(en, 0, []byte("copy"), eventTest); err != nil {
			t.Fatal(err)
		}
	})
	if m, _ := idle("copy"); m != 0 {
		t.Errorf("a copy is idle for %d ms", m)
	}
}
