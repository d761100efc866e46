package keyspace

import (
	"bytes"
	"errors"
	"testing"
	"time"
	"unsafe"

	"github.com/curfewkv/curfew/internal/blob"
	"github.com/curfewkv/curfew/internal/eviction"
)

const mib = 1 << 20

func (f *fixture) setLarge(key string, n int, fill byte) {
	f.set(key, string(bytes.Repeat([]byte{fill}, n)), None)
}

// peek hands an entry that is there to fn, in a transaction.
func (f *fixture) peek(key string, fn func(tx *Txn, en Entry)) {
	f.t.Helper()
	f.do(func(tx *Txn) {
		en, ok := tx.Peek([]byte(key))
		if !ok {
			f.t.Fatalf("%s is not there", key)
		}
		fn(tx, en)
	})
}

// place is where the bytes of a string are.
func (f *fixture) place(key string) (at *byte) {
	f.t.Helper()
	f.peek(key, func(_ *Txn, en Entry) { at = unsafe.SliceData(en.String(nil)) })
	return at
}

func (f *fixture) share(key string) (r *blob.Reading) {
	f.t.Helper()
	f.peek(key, func(_ *Txn, en Entry) {
		var ok bool
		if r, ok = en.Share(0, en.StringLen()); !ok {
			f.t.Fatalf("%s is not shared", key)
		}
	})
	return r
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// elsewhere is a name of another shard than key's.
func (f *fixture) elsewhere(key string) string {
	for i := 0; ; i++ {
		if f.tx.ShardBit([]byte(name(i))) != f.tx.ShardBit([]byte(key)) {
			return name(i)
		}
	}
}

// What happens to a key with a large string leaves the string where it is: nothing of it is copied, and no memory but that
// of small blocks is taken. So it takes the same time whatever the length.
func TestALargeStringStaysWhereItIs(t *testing.T) {
	f := newFixture(t, 4)
	f.setLarge("k", 32*mib, 'x')
	at, used := f.place("k"), f.k.Used()
	same := func(what, key string) {
		t.Helper()
		if f.place(key) != at {
			t.Errorf("%s copied the string", what)
		}
		if more := f.k.Used() - used; more > 8192 {
			t.Errorf("%s took %d bytes", what, more)
		}
		check(t, f.k)
	}
	deadline := f.after(time.Hour)
	f.peek("k", func(tx *Txn, en Entry) { _, err := tx.SetDeadline(en, deadline, eventTest); f.must(err) })
	same("EXPIRE", "k")
	f.peek("k", func(tx *Txn, en Entry) { _, err := tx.SetDeadline(en, None, eventTest); f.must(err) })
	same("PERSIST", "k")
	f.peek("k", func(tx *Txn, en Entry) { f.must(tx.Move(en, 2, []byte("k"), eventTest, eventTest)) })
	f.in(2, func(tx *Txn) {
		en, _ := tx.Peek([]byte("k"))
		f.must(tx.Move(en, 0, []byte("k"), eventTest, eventTest))
	})
	same("MOVE", "k")
	far := f.elsewhere("k")
	f.peek("k", func(tx *Txn, en Entry) { f.must(tx.Move(en, 0, []byte(far), eventTest, eventTest)) })
	same("RENAME to another shard", far)
	f.peek(far, func(tx *Txn, en Entry) { f.must(tx.CopyTo(en, 0, []byte("copy"), eventTest)) })
	same("COPY", "copy")
	same("COPY", far)
	for _, s := range f.k.shards {
		for _, d := range s.dbs {
			if d != nil {
				for _, h := range handles(d.table) {
					s.relocate(d, h)
				}
			}
		}
	}
	same("defragmentation", far)
	f.peek(far, func(tx *Txn, en Entry) { tx.Delete(en, eventTest) })
	same("DEL of another owner", "copy")
	f.peek("copy", func(tx *Txn, en Entry) { tx.Delete(en, eventTest) })
	if n := f.k.Used(); n != 0 {
		t.Errorf("%d bytes are in use without keys", n)
	}
}

// A write to a string that another key shares does not reach that one.
func TestACopyIsWrittenToAlone(t *testing.T) {
	f := newFixture(t, 4)
	for what, write := range map[string]func(tx *Txn, en Entry) error{
		"append": func(tx *Txn, en Entry) error {
			n := en.StringLen()
			b, err := tx.extend(&en, n+3)
			copy(b[n:], "end")
			return err
		},
		"overwrite": func(tx *Txn, en Entry) error {
			b, err := tx.extend(&en, 10)
			copy(b, "changed")
			return err
		},
		"set": func(tx *Txn, en Entry) error {
			return tx.PutText(bytes.Clone(en.Key()), bytes.Repeat([]byte{'y'}, mib), PutOptions{}, eventTest)
		},
	} {
		f.setLarge("k", mib, 'x')
		before := f.k.Used()
		f.peek("k", func(tx *Txn, en Entry) { f.must(tx.CopyTo(en, 0, []byte("copy"), eventTest)) })
		f.peek("copy", func(tx *Txn, en Entry) { f.must(write(tx, en)) })
		if v, _ := f.get("k"); v != string(bytes.Repeat([]byte{'x'}, mib)) {
			t.Errorf("%s to the copy changed the other one", what)
		}
		if v, _ := f.get("copy"); v == string(bytes.Repeat([]byte{'x'}, mib)) {
			t.Errorf("%s changed nothing", what)
		}
		if f.k.Used() < before+mib {
			t.Errorf("%s: two strings take %d bytes, one took %d", what, f.k.Used(), before)
		}
		check(t, f.k)
		f.do(func(tx *Txn) { tx.Flush(0, true) })
	}
}

// Appending copies a string so rarely that each of its bytes is copied a bounded number of times.
func TestAppendingToALargeStringIsAmortized(t *testing.T) {
	f := newFixture(t, 1)
	f.setLarge("k", 60_000, 'x')
	const chunk, end = 60_000, 64 * mib
	copied := 0
	at := f.place("k")
	for n := 60_000; n < end; n += chunk {
		f.peek("k", func(tx *Txn, en Entry) {
			_, err := tx.extend(&en, n+chunk)
			f.must(err)
		})
		if now := f.place("k"); now != at {
			at, copied = now, copied+n
		}
	}
	if most := 10 * end; copied > most {
		t.Errorf("%d MiB were copied to append %d MiB in all", copied/mib, end/mib)
	}
	check(t, f.k)
}

// A reader goes on to see what it saw, whatever becomes of the key, and the memory is in use until it is done.
func TestAReaderKeepsALargeString(t *testing.T) {
	for what, end := range map[string]func(f *fixture){
		"DEL":       func(f *fixture) { f.peek("k", func(tx *Txn, en Entry) { tx.Delete(en, eventTest) }) },
		"overwrite": func(f *fixture) { f.set("k", "short", None) },
		"SET of the same length": func(f *fixture) {
			f.setLarge("k", mib, 'y')
		},
		"APPEND": func(f *fixture) {
			f.peek("k", func(tx *Txn, en Entry) {
				b, err := tx.extend(&en, mib+1)
				f.must(err)
				b[0] = 'y'
			})
		},
		"FLUSHALL":       func(f *fixture) { f.do(func(tx *Txn) { tx.Flush(0, true) }) },
		"FLUSHALL ASYNC": func(f *fixture) { f.do(func(tx *Txn) { tx.Flush(0, false) }); f.drain() },
		"expiry": func(f *fixture) {
			at := f.after(time.Second)
			f.peek("k", func(tx *Txn, en Entry) { _, err := tx.SetDeadline(en, at, eventTest); f.must(err) })
			f.clock.Advance(time.Second)
			f.expire()
		},
		"eviction": func(f *fixture) {
			f.k.SetPolicy(eviction.AllKeysLRU)
			f.k.SetMaxMemory(100)
			f.tx.MakeRoom(f.clock.Now(), 0, f.clock)
			f.k.SetMaxMemory(0)
		},
	} {
		f := newFixture(t, 4)
		f.setLarge("k", mib, 'x')
		r, other := f.share("k"), f.share("k")
		end(f)
		if v, ok := f.get("k"); ok && v == string(bytes.Repeat([]byte{'x'}, mib)) {
			t.Errorf("%s left the key as it was", what)
		}
		other.Release()
		check(t, f.k)
		if bytes.Count(r.Bytes(), []byte{'x'}) != mib {
			t.Errorf("%s changed what a reader sees", what)
		}
		if f.k.Used() < mib {
			t.Errorf("%s: %d bytes are in use while a reader holds 1 MiB", what, f.k.Used())
		}
		done := make(chan struct{})
		go func() { r.Release(); close(done) }()
		<-done
		f.do(func(tx *Txn) { tx.Flush(0, true) })
		if n := f.k.Used(); n != 0 {
			t.Errorf("%s: %d bytes are in use without keys and readers", what, n)
		}
	}
}

func (f *fixture) drain() {
	for shard := range f.k.shards {
		for f.tx.DrainSlice(shard, time.Second, f.clock) {
		}
	}
}

// Memory that readers hold cannot be freed by evicting: where they hold more than the limit, the data is kept and the write
// refused, as it is for buffers of clients.
func TestDataIsNotEvictedForWhatReadersHold(t *testing.T) {
	f := newFixture(t, 4)
	f.k.SetPolicy(eviction.AllKeysLRU)
	for i := range 100 {
		f.set(name(i), "value", None)
	}
	f.setLarge("large", 4*mib, 'x')
	r := f.share("large")
	f.peek("large", func(tx *Txn, en Entry) { tx.Delete(en, eventTest) })
	f.k.Settings.MaxMemory.Store(2 * mib)
	if f.tx.MakeRoom(f.clock.Now(), 100, f.clock) || f.stored() != 100 {
		t.Errorf("%d of 100 keys are left", f.stored())
	}
	r.Release()
	if !f.tx.MakeRoom(f.clock.Now(), 100, f.clock) || f.stored() != 100 {
		t.Errorf("after the reader: %d of 100 keys are left", f.stored())
	}
}

// Evicting a large string counts as the memory that it gives back, and one that is shared as none.
func TestEvictingLargeStringsFreesWhatTheyTake(t *testing.T) {
	f := newFixture(t, 1)
	f.k.SetPolicy(eviction.AllKeysLRU)
	for i := range 5 {
		f.setLarge(name(i), mib, 'x')
	}
	f.clock.Advance(time.Hour)
	for i := range 50 { // so that the policy takes the keys for small ones, and takes many at once
		f.set("small"+name(i), "v", None)
	}
	f.k.SetMaxMemory(f.k.Used())
	if !f.tx.MakeRoom(f.clock.Now(), 3*mib/2, f.clock) {
		t.Fatal("there is no room")
	}
	if n := f.k.blobs.Used() / mib; n != 3 {
		t.Errorf("%d of 5 large strings are left after room for 1.5 MiB was made", n)
	}
	check(t, f.k)
}

// Several large values are checked against the limit at once: none is refused after others were put.
func TestPairsWithLargeValuesArePutAllOrNone(t *testing.T) {
	f := newFixture(t, 4)
	pairs := [][]byte{[]byte("a"), make([]byte, mib), []byte("b"), make([]byte, mib), []byte("c"), make([]byte, mib)}
	put := func(limit int64) (stored int, err error) {
		f.k.Settings.MaxMemory.Store(limit)
		f.do(func(tx *Txn) {
			if err = tx.ReservePairs(pairs); err != nil {
				return
			}
			for i := 0; i < len(pairs); i += 2 {
				f.must(tx.PutText(pairs[i], pairs[i+1], PutOptions{}, eventTest))
			}
		})
		stored = f.stored()
		f.do(func(tx *Txn) { tx.Flush(0, true) })
		return stored, err
	}
	for limit := int64(3 * mib); limit < 3*mib+200; limit++ {
		n, err := put(limit)
		var need *NeedRoom
		if n != 0 && n != 3 || (n == 0) != errors.As(err, &need) {
			t.Fatalf("at a limit of %d: %d of 3 were put, %v", limit, n, err)
		}
	}
}
