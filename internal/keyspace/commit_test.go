package keyspace

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/journal"
)

// Blocks of transactions that run at the same time are numbered without a gap, follow one another in the stream, are not
// mixed, and come in the order of the changes of every key: replayed in turn they give what the keyspace holds.
func TestBlocksAreInTheOrderOfEveryKey(t *testing.T) {
	const workers, rounds, keys = 4, 400, 12
	f := newFixture(t, 4)
	f.quiet()
	fo := f.follow()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			tx, rnd := f.k.NewTxn(), rand.New(rand.NewPCG(seed, uint64(w)))
			for i := range rounds {
				a, b := []byte(name(rnd.IntN(keys))), []byte(name(rnd.IntN(keys)))
				tx.Begin(f.clock.Now(), 0, uint64(w+1), false)
				tx.LockSet(tx.ShardBit(a) | tx.ShardBit(b))
				value := fmt.Appendf(nil, "%d of %d", i, w)
				if en, ok := tx.Write(a); ok && i%3 == 0 {
					_ = tx.Append(en, value, eventTest)
				} else {
					_ = tx.PutString(a, value, PutOptions{}, eventTest)
				}
				_ = tx.PutString(b, value, PutOptions{}, eventTest)
				tx.Unlock()
			}
		})
	}
	all.Wait()
	offset := int64(0)
	for i, b := range fo.blocks {
		if b.Number != uint64(i+1) || b.Offset != offset || b.Commands != 2 {
			t.Fatalf("block %d at %d is numbered %d, at %d, with %d commands", i+1, offset, b.Number, b.Offset, b.Commands)
		}
		offset += int64(len(b.Bytes))
		if n := bytes.Count(b.Bytes, []byte("MULTI")); n != 1 || !bytes.HasSuffix(b.Bytes, []byte("EXEC\r\n")) {
			t.Fatalf("block %d is not one transaction: %q", i+1, b.Bytes)
		}
	}
	if n, at := f.k.journal.Position(); n != workers*rounds || at != offset {
		t.Errorf("%d blocks up to %d, want %d up to %d", n, at, workers*rounds, offset)
	}
	replayed := map[string]string{}
	for _, c := range commands(t, fo.stream) {
		switch c[0] {
		case "SET":
			replayed[c[1]] = c[2]
		case "APPEND":
			replayed[c[1]] += c[2]
		}
	}
	for i := range keys {
		if got, _ := f.get(name(i)); got != replayed[name(i)] {
			t.Errorf("%s is %.60q, replayed %.60q", name(i), got, replayed[name(i)])
		}
	}
}

// The buffer of effects is used again: stating a change allocates nothing once it has grown.
func TestStatingAllocatesNothing(t *testing.T) {
	f := newFixture(t, 1)
	f.quiet()
	f.do(func(tx *Txn) { tx.Follow(discard{}) })
	key, value := []byte("key"), []byte("a value")
	if n := testing.AllocsPerRun(100, func() {
		f.tx.Begin(f.clock.Now(), 0, 1, false)
		f.tx.LockKey(key)
		_ = f.tx.PutString(key, value, PutOptions{Deadline: f.tx.After(1000)}, eventTest)
		f.tx.Unlock()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

type discard struct{}

func (discard) Follow(*journal.Block) {}

// before keeps what it is shown.
type shown struct{ seen []string }

func (s *shown) BeforeKey(_ *Txn, en Entry) {
	s.seen = append(s.seen, fmt.Sprintf("%d/%s=%s", en.DBIndex(), en.Key(), en.String(nil)))
}

func (s *shown) BeforeDatabase(_ *Txn, db int) { s.seen = append(s.seen, fmt.Sprintf("all of %d", db)) }

// A snapshot without fork must see every key as it was before it changes, whatever changes it.
func TestKeysAreShownBeforeTheyChange(t *testing.T) {
	key := func(s string) []byte { return []byte(s) }
	en := func(tx *Txn, k string) Entry { e, _ := tx.Peek(key(k)); return e }
	for what, c := range map[string]struct {
		do   func(tx *Txn) error
		want []string
	}{
		"a new key":   {func(tx *Txn) error { return tx.PutString(key("c"), key("3"), PutOptions{}, eventTest) }, nil},
		"put":         {func(tx *Txn) error { return tx.PutString(key("a"), key("3"), PutOptions{}, eventTest) }, []string{"0/a=1"}},
		"append":      {func(tx *Txn) error { return tx.Append(en(tx, "a"), key("3"), eventTest) }, []string{"0/a=1"}},
		"setrange":    {func(tx *Txn) error { return tx.SetRange(en(tx, "a"), 0, key("3"), eventTest) }, []string{"0/a=1"}},
		"setbit":      {func(tx *Txn) error { return tx.SetBit(en(tx, "a"), 0, true, eventTest) }, []string{"0/a=1"}},
		"a deadline":  {func(tx *Txn) error { _, err := tx.SetDeadline(en(tx, "a"), tx.After(9), eventTest); return err }, []string{"0/a=1"}},
		"a deletion":  {func(tx *Txn) error { tx.Delete(en(tx, "a"), eventTest); return nil }, []string{"0/a=1"}},
		"expiry":      {func(tx *Txn) error { tx.Read(key("due")); return nil }, []string{"0/due=0"}},
		"over a due":  {func(tx *Txn) error { return tx.PutString(key("due"), key("3"), PutOptions{}, eventTest) }, []string{"0/due=0"}},
		"a new name":  {func(tx *Txn) error { return tx.Move(en(tx, "a"), 0, key("b"), eventTest, eventTest) }, []string{"0/a=1", "0/b=2"}},
		"a copy":      {func(tx *Txn) error { return tx.CopyTo(en(tx, "a"), 0, key("b"), eventTest) }, []string{"0/b=2"}},
		"a flush":     {func(tx *Txn) error { tx.Flush(0, false); return nil }, []string{"all of 0"}},
		"an exchange": {func(tx *Txn) error { tx.Swap(0, 3); return nil }, []string{"all of 0", "all of 3"}},
	} {
		f := newFixture(t, 4)
		f.quiet()
		f.set("a", "1", None)
		f.set("b", "2", None)
		f.set("due", "0", f.after(time.Millisecond))
		f.clock.Advance(time.Millisecond)
		sh := &shown{}
		f.do(func(tx *Txn) { tx.ShowBefore(sh) })
		f.do(func(tx *Txn) {
			if err := c.do(tx); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		})
		if !slices.Equal(sh.seen, c.want) {
			t.Errorf("%s: shown %q, want %q", what, sh.seen, c.want)
		}
		f.do(func(tx *Txn) { tx.HideBefore(sh) })
		sh.seen = nil
		if f.set("a", "9", None); sh.seen != nil || !f.k.journal.Idle() {
			t.Errorf("%s: shown %q after the end", what, sh.seen)
		}
	}
}

// afterwards looks at the keys of the records.
type afterwards struct {
	k    *Keyspace
	seen []string
}

func (a *afterwards) Consume(r *journal.Record) {
	en, ok := a.k.Look(r.DB, r.Key)
	text := "gone"
	if ok {
		text = string(en.String(nil))
	}
	a.seen = append(a.seen, fmt.Sprintf("%s %s at %d", r.Event.Name, text, r.Now.WallMs()))
}

// A consumer finds a key as the change left it, even where it is new, and knows when that was.
func TestConsumersSeeTheKeyAfterwards(t *testing.T) {
	f := newFixture(t, 4)
	j := f.k.journal
	a := &afterwards{k: f.k}
	j.Listen(j.Register(a), journal.AllReasons)
	now := f.clock.Now().WallMs()
	f.set("a", "1", None)
	f.do(func(tx *Txn) {
		en, _ := tx.Peek([]byte("a"))
		_ = tx.CopyTo(en, 0, []byte("b"), eventTest)
		en, _ = tx.Peek([]byte("a"))
		tx.Delete(en, eventTest)
	})
	var want []string
	for _, s := range []string{"new 1", "test 1", "new 1", "test 1", "test gone"} {
		want = append(want, fmt.Sprintf("%s at %d", s, now))
	}
	if !slices.Equal(a.seen, want) {
		t.Errorf("%q, want %q", a.seen, want)
	}
}
