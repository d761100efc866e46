package keyspace

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/store"
)

// begin is where the fake clocks of the tests stand at first.
var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// testReserve is the address space of a shard in tests.
const testReserve = 1 << 30

// fixture is a keyspace with a clock that the test moves and a recorder of its change records.
type fixture struct {
	t     testing.TB
	k     *Keyspace
	clock *clock.Fake
	tx    *Txn
	log   recorder
}

// recorder keeps the change records as text, and the wakes.
type recorder struct {
	mu      sync.Mutex
	records []journal.Record
}

func (r *recorder) Consume(rec *journal.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := *rec
	kept.Key = append([]byte(nil), rec.Key...)
	r.records = append(r.records, kept)
}

// take returns the records since the last call.
func (r *recorder) take() []journal.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.records
	r.records = nil
	return out
}

func newFixture(t testing.TB, shards int) *fixture {
	t.Helper()
	return newSmallFixture(t, shards, testReserve)
}

// newSmallFixture has little address space for its keys.
func newSmallFixture(t testing.TB, shards int, reserve int64) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: clock.NewFake(begin)}
	j := &journal.Journal{}
	j.Listen(j.Register(&f.log), journal.AllReasons)
	k, err := New(Options{Shards: shards, Databases: 4, ReservePerShard: reserve, Journal: j})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	f.k, f.tx = k, k.NewTxn()
	return f
}

// quiet switches the recorder off, for tests with many keys.
func (f *fixture) quiet() *fixture {
	f.k.journal = &journal.Journal{}
	return f
}

// do runs fn in a transaction on database 0, with every shard locked.
func (f *fixture) do(fn func(tx *Txn)) { f.in(0, fn) }

func (f *fixture) in(db int, fn func(tx *Txn)) {
	f.tx.Begin(f.clock.Now(), db, 1, false)
	f.tx.LockAll()
	defer f.tx.Unlock()
	fn(f.tx)
}

var eventTest = journal.Event{Class: journal.ClassGeneric, Name: "test"}

// set puts a string under a deadline.
func (f *fixture) set(key, value string, at Deadline) {
	f.t.Helper()
	f.do(func(tx *Txn) {
		if err := tx.PutString([]byte(key), []byte(value), PutOptions{Deadline: at, Quiet: true}, eventTest); err != nil {
			f.t.Fatal(err)
		}
	})
}

// after is a deadline on the timeline of relative TTLs.
func (f *fixture) after(d time.Duration) (at Deadline) {
	f.do(func(tx *Txn) { at = tx.After(d.Milliseconds()) })
	return at
}

// at is a deadline on the wall clock, d from now.
func (f *fixture) at(d time.Duration) (at Deadline) {
	f.do(func(tx *Txn) { at = tx.At(tx.Now.WallMs() + d.Milliseconds()) })
	return at
}

// get is the value of a key as a reader sees it.
func (f *fixture) get(key string) (value string, ok bool) {
	f.do(func(tx *Txn) {
		var en Entry
		if en, ok = tx.Read([]byte(key)); ok {
			value = string(en.String(nil))
		}
	})
	return value, ok
}

// expire removes what is due, as the event loops do.
func (f *fixture) expire() {
	for shard := range f.k.shards {
		for f.tx.ExpireSlice(shard, f.clock.Now(), time.Second, f.clock) {
		}
	}
}

// stored is the number of entries in memory, due ones included.
func (f *fixture) stored() (n int) {
	for _, s := range f.k.shards {
		for _, d := range s.dbs {
			if d != nil {
				n += d.table.Len()
			}
		}
	}
	return n
}

func (f *fixture) counts() (c Counts) {
	f.do(func(tx *Txn) { c = tx.Counts() })
	return c
}

func name(i int) string { return fmt.Sprintf("key:%d", i) }

// tickingClock moves its monotonic timeline at each look, as if the work between two looks had taken that long. Budgets of
// time are then bounds of work.
type tickingClock struct {
	*clock.Fake
	step  time.Duration
	looks int
}

func (c *tickingClock) Mono() int64 {
	c.looks++
	return c.Fake.Mono() + int64(c.looks)*int64(c.step)
}

// handles are the entries of a table.
func handles(table *store.Table) (all []store.Handle) {
	each(table, func(h store.Handle) { all = append(all, h) })
	return all
}
