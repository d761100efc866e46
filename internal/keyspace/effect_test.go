package keyspace

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/resp"
)

// follower keeps the stream of effects.
type follower struct {
	blocks []journal.Block
	stream []byte
	taken  int
}

func (f *follower) Follow(b *journal.Block) {
	kept := *b
	kept.Bytes = bytes.Clone(b.Bytes)
	f.blocks = append(f.blocks, kept)
	f.stream = append(f.stream, b.Bytes...)
}

// take is the stream since the last call as text: "SELECT 0, SET a 1".
func (f *follower) take(t testing.TB) string {
	t.Helper()
	var out []string
	for _, args := range commands(t, f.stream[f.taken:]) {
		out = append(out, strings.Join(args, " "))
	}
	f.taken = len(f.stream)
	return strings.Join(out, ", ")
}

// commands parses a stream.
func commands(t testing.TB, stream []byte) (out [][]string) {
	t.Helper()
	var p resp.Parser
	for len(stream) > 0 {
		args, n, err := p.Next(stream, nil, &resp.Limits{MaxBulk: 1 << 30})
		if err != nil || n == 0 {
			t.Fatalf("the stream goes on with %.100q: %v", stream, err)
		}
		var line []string
		for _, a := range args {
			line = append(line, string(a))
		}
		out, stream = append(out, line), stream[n:]
	}
	return out
}

// follow makes a follower of the fixture's effects.
func (f *fixture) follow() *follower {
	fo := &follower{}
	f.do(func(tx *Txn) { tx.Follow(fo) })
	return fo
}

// ms is a time from now as unix time in ms.
func (f *fixture) ms(d time.Duration) int64 { return f.clock.Now().WallMs() + d.Milliseconds() }

func TestEachMutationStatesItsEffect(t *testing.T) {
	f := newFixture(t, 4)
	fo := f.follow()
	f.set("first", "x", None)
	if got := fo.take(t); got != "SELECT 0, SET first x" {
		t.Errorf("the stream begins with %q", got)
	}
	in := f.ms(time.Minute)
	key := func(s string) []byte { return []byte(s) }
	on := func(tx *Txn, name string) Entry {
		en, ok := tx.Peek(key(name))
		if !ok {
			t.Fatalf("there is no %s", name)
		}
		return en
	}
	for _, c := range []struct {
		what string
		do   func(tx *Txn) error
		want string
	}{
		{"a string", func(tx *Txn) error { return tx.PutString(key("a"), key("x y"), PutOptions{}, eventTest) }, "SET a x y"},
		{"over it", func(tx *Txn) error { return tx.PutString(key("a"), key("z"), PutOptions{}, eventTest) }, "SET a z"},
		{"an integer", func(tx *Txn) error { return tx.PutInt(key("n"), -42, PutOptions{}, eventTest) }, "SET n -42"},
		{"with a relative TTL", func(tx *Txn) error {
			return tx.PutText(key("t"), key("x"), PutOptions{Deadline: tx.After(60_000)}, eventTest)
		}, fmt.Sprintf("SET t x PXAT %d", in)},
		{"with an absolute one", func(tx *Txn) error {
			return tx.PutText(key("u"), key("x"), PutOptions{Deadline: tx.At(in + 1)}, eventTest)
		}, fmt.Sprintf("SET u x PXAT %d", in+1)},
		{"that keeps the TTL", func(tx *Txn) error { return tx.PutInt(key("t"), 7, PutOptions{KeepTTL: true}, eventTest) }, fmt.Sprintf("SET t 7 PXAT %d", in)},
		{"zeros", func(tx *Txn) error { return tx.PutAt(key("z"), 2, key("x"), eventTest) }, "SETRANGE z 2 x"},
		{"zeros alone", func(tx *Txn) error { return tx.PutAt(key("y"), 2, nil, eventTest) }, "SET y \x00\x00"},
		{"more", func(tx *Txn) error { return tx.Append(on(tx, "n"), key("0"), eventTest) }, "APPEND n 0"},
		{"a part", func(tx *Txn) error { return tx.SetRange(on(tx, "a"), 3, key("xyz"), eventTest) }, "SETRANGE a 3 xyz"},
		{"a bit", func(tx *Txn) error { return tx.SetBit(on(tx, "z"), 1, true, eventTest) }, "SETBIT z 1 1"},
		{"a bit back", func(tx *Txn) error { return tx.SetBit(on(tx, "z"), 1, false, eventTest) }, "SETBIT z 1 0"},
		{"the same bit", func(tx *Txn) error { return tx.SetBit(on(tx, "z"), 1, false, eventTest) }, ""},
		{"a deadline", func(tx *Txn) error { _, err := tx.SetDeadline(on(tx, "a"), tx.After(60_000), eventTest); return err }, fmt.Sprintf("PEXPIREAT a %d", in)},
		{"none", func(tx *Txn) error { _, err := tx.SetDeadline(on(tx, "a"), None, eventTest); return err }, "PERSIST a"},
		{"another name", func(tx *Txn) error { return tx.Move(on(tx, "a"), 0, key("b"), eventTest, eventTest) }, "RENAME a b"},
		{"another's name", func(tx *Txn) error { return tx.Move(on(tx, "b"), 0, key("t"), eventTest, eventTest) }, "RENAME b t"},
		{"another database", func(tx *Txn) error { return tx.Move(on(tx, "t"), 2, key("t"), eventTest, eventTest) }, "MOVE t 2"},
		{"both", func(tx *Txn) error { return tx.Move(on(tx, "u"), 2, key("v"), eventTest, eventTest) }, "MULTI, COPY u v DB 2 REPLACE, DEL u, EXEC"},
		{"a copy", func(tx *Txn) error { return tx.CopyTo(on(tx, "n"), 0, key("m"), eventTest) }, "COPY n m REPLACE"},
		{"a copy elsewhere", func(tx *Txn) error { return tx.CopyTo(on(tx, "n"), 1, key("m"), eventTest) }, "COPY n m DB 1 REPLACE"},
		{"a deletion", func(tx *Txn) error { tx.Delete(on(tx, "m"), eventTest); return nil }, "DEL m"},
		{"two databases", func(tx *Txn) error {
			tx.DB = 1
			defer func() { tx.DB = 0 }()
			tx.Delete(on(tx, "m"), eventTest)
			tx.DB = 0
			return tx.PutInt(key("m"), 1, PutOptions{}, eventTest)
		}, "SELECT 1, MULTI, DEL m, SELECT 0, SET m 1, EXEC"},
		{"an exchange", func(tx *Txn) error { tx.Swap(1, 2); return nil }, "SWAPDB 1 2"},
		{"a flush", func(tx *Txn) error { tx.Flush(1, true); return nil }, "SELECT 1, FLUSHDB ASYNC"},
		{"of all", func(tx *Txn) error { tx.FlushAll(false); return nil }, "SELECT 0, FLUSHALL ASYNC"},
	} {
		f.do(func(tx *Txn) {
			if err := c.do(tx); err != nil {
				t.Fatalf("%s: %v", c.what, err)
			}
		})
		if got := fo.take(t); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// What the server removes by itself is in the stream before what comes next: keys that a lookup or a slice finds due, and
// evicted ones.
func TestExpiryAndEvictionStateTheirEffects(t *testing.T) {
	f := newFixture(t, 4)
	fo := f.follow()
	f.set("a", "1", f.after(time.Second))
	f.set("b", "1", f.at(time.Second))
	f.set("c", "1", None)
	f.clock.Advance(time.Second)
	fo.take(t)
	if f.do(func(tx *Txn) { tx.Read([]byte("a")) }); fo.take(t) != "UNLINK a" {
		t.Errorf("a lookup: %q", fo.stream)
	}
	f.set("b", "2", None)
	if got := fo.take(t); got != "MULTI, UNLINK b, SET b 2, EXEC" {
		t.Errorf("a key put over a due one: %s", got)
	}
	f.set("d", "1", f.after(time.Second))
	fo.take(t)
	f.clock.Advance(time.Second)
	if f.expire(); fo.take(t) != "UNLINK d" {
		t.Errorf("a slice: %q", fo.stream)
	}
	f.k.SetPolicy(eviction.AllKeysLRU)
	f.k.Settings.MaxMemory.Store(1)
	f.tx.MakeRoom(f.clock.Now(), 0, f.clock)
	if got := fo.take(t); got != "UNLINK b, UNLINK c" && got != "UNLINK c, UNLINK b" {
		t.Errorf("eviction: %s", got)
	}
}

// A key that is due when it is not to be expired is expired before another takes its place.
func TestHeldExpiryIsStatedWhereAKeyGivesWay(t *testing.T) {
	f := newFixture(t, 4)
	fo := f.follow()
	f.set("a", "1", None)
	f.set("b", "1", f.after(time.Second))
	f.clock.Advance(time.Second)
	f.k.Settings.HoldExpiry.Store(true)
	fo.take(t)
	f.do(func(tx *Txn) {
		en, _ := tx.Peek([]byte("a"))
		if err := tx.Move(en, 0, []byte("b"), eventTest, eventTest); err != nil {
			t.Fatal(err)
		}
	})
	if got := fo.take(t); got != "MULTI, UNLINK b, RENAME a b, EXEC" {
		t.Error(got)
	}
}

func TestNothingIsGatheredWhileNobodyFollows(t *testing.T) {
	f := newFixture(t, 4)
	f.set("a", "1", None)
	if n, at := f.k.journal.Position(); n != 0 || at != 0 {
		t.Errorf("block %d ends at %d", n, at)
	}
	fo := f.follow()
	f.set("a", "2", None)
	f.tx.Unfollow(fo)
	f.set("a", "3", None)
	if got := fo.take(t); got != "SELECT 0, SET a 2" {
		t.Error(got)
	}
	if n, at := f.k.journal.Position(); n != 1 || at != int64(len(fo.stream)) {
		t.Errorf("block %d ends at %d", n, at)
	}
}

// Who begins to follow in the middle hears of all that comes after, from a selected database on.
func TestAFollowerBeginsAtABlock(t *testing.T) {
	f := newFixture(t, 4)
	first, second := f.follow(), &follower{}
	put := func(tx *Txn, key string) {
		if err := tx.PutString([]byte(key), []byte("x"), PutOptions{}, eventTest); err != nil {
			t.Fatal(err)
		}
	}
	f.do(func(tx *Txn) {
		put(tx, "a")
		tx.Follow(second)
		put(tx, "b")
		tx.Commit()
		put(tx, "c")
	})
	if got := first.take(t); got != "SELECT 0, SET a x, SELECT 0, SET b x, SET c x" {
		t.Errorf("the first: %s", got)
	}
	if got := second.take(t); got != "SELECT 0, SET b x, SET c x" {
		t.Errorf("the second: %s", got)
	}
}
