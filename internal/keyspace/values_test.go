package keyspace

import (
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/store"
)

// kindChain is a kind of value for tests: blocks of 64 bytes in the shard's arena, each of which begins with the handle of
// the next. It stands for the structures that types will be.
const kindChain = store.Kinds - 1

const chainBlock = 64

func next(s *shard, h store.Handle) *store.Handle { return (*store.Handle)(s.arena.Ptr(h)) }

func chainLen(s *shard, ref uint64) (n int) {
	for h := store.Handle(ref); h != 0; h = *next(s, h) {
		n++
	}
	return n
}

func makeChain(s *shard, n int) (ref uint64, ok bool) {
	for range n {
		h := s.arena.Alloc(chainBlock)
		if h == 0 {
			freeChain(s, ref, n)
			return 0, false
		}
		*next(s, h) = store.Handle(ref)
		ref = uint64(h)
	}
	return ref, true
}

func freeChain(s *shard, ref uint64, limit int) (rest uint64) {
	for ; ref != 0 && limit > 0; limit-- {
		h := store.Handle(ref)
		ref = uint64(*next(s, h))
		s.arena.Free(h)
	}
	return ref
}

func init() {
	values[kindChain] = valueOps{
		typ:      "chain",
		encoding: func(Entry) string { return "blocks" },
		size:     func(s *shard, ref uint64) int { return chainLen(s, ref) * chainBlock },
		copy:     func(from, to *shard, ref uint64) (uint64, bool) { return makeChain(to, chainLen(from, ref)) },
		free:     freeChain,
		relocate: func(s *shard, ref uint64) uint64 {
			first := store.Handle(ref)
			for at := &first; *at != 0; at = next(s, *at) {
				if s.arena.ShouldMove(*at) {
					if to := s.arena.Alloc(chainBlock); to != 0 {
						*next(s, to) = *next(s, *at)
						s.arena.Free(*at)
						*at = to
					}
				}
			}
			return uint64(first)
		},
	}
}

// putChain adds a key with a chain.
func (f *fixture) putChain(key string, n int) {
	f.t.Helper()
	f.do(func(tx *Txn) {
		s := tx.shardOf([]byte(key))
		ref, ok := makeChain(s, n)
		h, e := s.arena.NewEntry(kindChain, store.Indirect, []byte(key), store.RefLen)
		if h == 0 || !ok || !s.db(0).table.Insert(tx.hashOf([]byte(key)), h) {
			f.t.Fatal("no memory")
		}
		e.SetRef(ref)
	})
}

func (f *fixture) chain(key string) (n int) {
	f.t.Helper()
	f.peek(key, func(_ *Txn, en Entry) { n = chainLen(en.s, en.e.Ref()) })
	return n
}

func TestAStructureGoesWithItsKey(t *testing.T) {
	f := newFixture(t, 4)
	f.putChain("k", 1000)
	f.peek("k", func(_ *Txn, en Entry) {
		if en.Type() != "chain" || en.Encoding() != "blocks" || en.IsString() || en.Size() < 1000*chainBlock {
			t.Errorf("type %s, encoding %s, string %v, %d bytes", en.Type(), en.Encoding(), en.IsString(), en.Size())
		}
		if _, ok := en.Share(0, 1); ok {
			t.Error("what is no string was shared as one")
		}
	})
	at := f.after(time.Hour)
	f.peek("k", func(tx *Txn, en Entry) { _, err := tx.SetDeadline(en, at, eventTest); f.must(err) })
	far := f.elsewhere("k")
	f.peek("k", func(tx *Txn, en Entry) { f.must(tx.Move(en, 0, []byte(far), eventTest, eventTest)) })
	f.peek(far, func(tx *Txn, en Entry) { f.must(tx.CopyTo(en, 0, []byte("copy"), eventTest)) })
	f.peek("copy", func(tx *Txn, en Entry) { f.must(tx.Move(en, 0, []byte("copy of another name"), eventTest, eventTest)) })
	if n, m := f.chain(far), f.chain("copy of another name"); n != 1000 || m != 1000 {
		t.Errorf("chains of %d and %d blocks, want 1000", n, m)
	}
	f.set(far, "a string", None)
	f.peek("copy of another name", func(tx *Txn, en Entry) { tx.Delete(en, eventTest) })
	f.peek(far, func(tx *Txn, en Entry) { tx.Delete(en, eventTest) })
	f.drain()
	if n := f.k.Used(); n != 0 {
		t.Errorf("%d bytes are in use without keys", n)
	}
}

// The command that removes a large structure frees a bounded part of it; the rest goes in slices.
func TestALargeStructureIsFreedInSlices(t *testing.T) {
	const blocks = 100_000
	for what, remove := range map[string]func(f *fixture){
		"DEL":            func(f *fixture) { f.peek("k", func(tx *Txn, en Entry) { tx.Delete(en, eventTest) }) },
		"SET":            func(f *fixture) { f.set("k", "a string", None) },
		"FLUSHALL ASYNC": func(f *fixture) { f.do(func(tx *Txn) { tx.Flush(0, false) }) },
		"expiry": func(f *fixture) {
			at := f.after(time.Second)
			f.peek("k", func(tx *Txn, en Entry) { _, err := tx.SetDeadline(en, at, eventTest); f.must(err) })
			f.clock.Advance(time.Second)
			f.get("k")
		},
	} {
		f := newFixture(t, 1)
		f.putChain("k", blocks)
		used := f.k.Used()
		remove(f)
		if freed := used - f.k.Used(); freed > 2*freeAtOnce*chainBlock {
			t.Errorf("%s freed %d bytes at once", what, freed)
		}
		slow := &tickingClock{Fake: f.clock, step: 10 * time.Microsecond}
		for slices := 1; ; slices++ {
			before := f.k.Used()
			more := f.tx.DrainSlice(0, 100*time.Microsecond, slow)
			if freed := before - f.k.Used(); freed > 12*drainStep*chainBlock {
				t.Fatalf("%s: a slice of 10 looks at the clock freed %d bytes", what, freed)
			}
			if !more {
				if least := blocks / drainStep / 12; slices < least {
					t.Errorf("%s: only %d slices", what, slices)
				}
				break
			}
		}
		f.do(func(tx *Txn) { tx.Flush(0, true) })
		if n := f.k.Used(); n != 0 || f.counts().Pending != 0 {
			t.Errorf("%s: %d bytes are in use without keys, %d values pending", what, n, f.counts().Pending)
		}
	}
}

// No more large structures are evicted than need be, although they are freed in slices.
func TestEvictionWaitsForTheMemoryOfLargeStructures(t *testing.T) {
	const chains, blocks = 20, 10_000
	f := newFixture(t, 4)
	f.k.SetPolicy(eviction.AllKeysLRU)
	for i := range chains {
		f.putChain(name(i), blocks)
	}
	f.k.SetMaxMemory(f.k.Used())
	if !f.tx.MakeRoom(f.clock.Now(), 3*blocks*chainBlock/2, f.clock) {
		t.Fatal("there is no room")
	}
	if n := f.stored(); n != chains-2 {
		t.Errorf("%d of %d chains are left after room for one and a half was made", n, chains)
	}
}

// FLUSHALL SYNC returns when the memory is free, that of structures included.
func TestASynchronousFlushFreesStructures(t *testing.T) {
	f := newFixture(t, 2)
	f.putChain("k", 10_000)
	f.do(func(tx *Txn) { tx.Flush(0, true) })
	if n := f.k.Used(); n != 0 {
		t.Errorf("%d bytes are in use", n)
	}
}

// The parts of entries are packed like the entries.
func TestPartsOfEntriesArePacked(t *testing.T) {
	const keys = 3000
	f := newFixture(t, 1)
	f.k.journal = &journal.Journal{}
	for i := range keys {
		f.putChain(name(i), 10)
		f.set("attr"+name(i), "v", None)
		f.peek("attr"+name(i), func(_ *Txn, en Entry) {
			h, e := en.s.arena.Recast(en.e, en.e.Key(), en.e.Shape()|store.WithExt)
			en.moveTo(h, e, None)
			if !en.s.arena.SetText(e, store.AttrTags, make([]byte, 100)) {
				t.Fatal("no memory")
			}
		})
	}
	for i := range keys {
		if i%10 != 0 {
			f.peek(name(i), func(tx *Txn, en Entry) { tx.Delete(en, eventTest) })
			f.peek("attr"+name(i), func(tx *Txn, en Entry) { tx.Delete(en, eventTest) })
		}
	}
	f.drain()
	passes := 0
	for f.tx.DefragSlice(0, time.Second, f.clock) || passes < 20 {
		passes++
	}
	for f.k.ReleaseOne(0) {
	}
	used, committed := f.k.Used(), f.k.Committed()
	if committed > used*14/10+mib/2 {
		t.Errorf("%d bytes are in pages after packing, %d are in use", committed, used)
	}
	for i := 0; i < keys; i += 10 {
		if n := f.chain(name(i)); n != 10 {
			t.Fatalf("a chain of 10 blocks has %d", n)
		}
		f.peek("attr"+name(i), func(_ *Txn, en Entry) {
			if len(en.s.arena.Text(en.e, store.AttrTags)) != 100 {
				t.Fatal("an attribute is lost")
			}
		})
	}
}
