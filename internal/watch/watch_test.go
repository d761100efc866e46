package watch

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/internal/session"
)

type noWake struct{}

func (noWake) Wake(*session.Session) {}

var nextID atomic.Uint64

func newSession() *session.Session { return session.New(nextID.Add(1), noWake{}, 1) }

var (
	eventSet    = journal.Event{Class: journal.ClassString, Name: "set"}
	eventDel    = journal.Event{Class: journal.ClassGeneric, Name: "del"}
	eventExpire = journal.Event{Class: journal.ClassGeneric, Name: "expire"}
)

// rig is a keyspace with a watch service and a clock that the test moves.
type rig struct {
	t     *testing.T
	ks    *keyspace.Keyspace
	j     journal.Journal
	clock *clock.Fake
	w     *Service
	tx    *keyspace.Txn
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, clock: clock.NewFake(time.Unix(1_700_000_000, 0))}
	ks, err := keyspace.New(keyspace.Options{Shards: 4, Databases: 16, ReservePerShard: 1 << 28, Journal: &r.j, Wake: func(int) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ks.Close)
	r.ks, r.w, r.tx = ks, New(&r.j, LookupIn(ks, r.clock)), ks.NewTxn()
	return r
}

// with runs fn as a command in a database.
func (r *rig) with(db int, fn func(tx *keyspace.Txn)) {
	r.tx.Begin(r.clock.Now(), db, 1, false)
	r.tx.LockAll()
	defer r.tx.Unlock()
	fn(r.tx)
}

func (r *rig) set(db int, key string, ttl time.Duration) {
	r.with(db, func(tx *keyspace.Txn) {
		o := keyspace.PutOptions{}
		if ttl > 0 {
			o.Deadline = tx.After(ttl.Milliseconds())
		}
		if err := tx.PutString([]byte(key), []byte("value"), o, eventSet); err != nil {
			r.t.Fatal(err)
		}
	})
}

func (r *rig) watch(s *session.Session, db int, keys ...string) {
	r.with(db, func(tx *keyspace.Txn) {
		for _, k := range keys {
			r.w.Watch(tx, s, []byte(k))
		}
	})
}

// exec reports whether EXEC of the session would run: it looks the watched keys up first.
func (r *rig) exec(s *session.Session) bool {
	ok := false
	r.with(0, func(tx *keyspace.Txn) {
		for _, k := range s.Multi.Watched {
			tx.PeekIn(k.DB, []byte(k.Key))
		}
		ok = !s.Dirty()
	})
	r.w.Unwatch(s)
	return ok
}

// The cases begin with nothing in database 0 and 1; due() is a key's life.
const life = 10 * time.Millisecond

func TestWhatFailsATransaction(t *testing.T) {
	x := []byte("x")
	type step func(r *rig)
	set := func(db int, ttl time.Duration) step { return func(r *rig) { r.set(db, "x", ttl) } }
	pass := func(r *rig) { r.clock.Advance(life) }
	in := func(db int, fn func(tx *keyspace.Txn)) step { return func(r *rig) { r.with(db, fn) } }
	del := in(0, func(tx *keyspace.Txn) {
		if en, ok := tx.Write(x); ok {
			tx.Delete(en, eventDel)
		}
	})
	read := in(0, func(tx *keyspace.Txn) { tx.Read(x) })
	expire := in(0, func(tx *keyspace.Txn) { en, _ := tx.Write(x); tx.SetDeadline(en, tx.After(1000), eventExpire) })
	flush := func(db int) step { return in(0, func(tx *keyspace.Txn) { tx.Flush(db, true) }) }
	swap := in(0, func(tx *keyspace.Txn) { tx.Swap(0, 1) })
	slice := func(r *rig) {
		for shard := range r.ks.Shards() {
			r.ks.NewTxn().ExpireSlice(shard, r.clock.Now(), time.Second, r.clock)
		}
	}
	cases := []struct {
		name          string
		before, after []step // around WATCH of x in database 0
		runs          bool
	}{
		{"nothing happens", []step{set(0, 0)}, nil, true},
		{"read", []step{set(0, 0)}, []step{read}, true},
		{"read of an absent key", nil, []step{read}, true},
		{"written", []step{set(0, 0)}, []step{set(0, 0)}, false},
		{"created", nil, []step{set(0, 0)}, false},
		{"deleted", []step{set(0, 0)}, []step{del}, false},
		{"deleted though absent", nil, []step{del}, true},
		{"TTL set", []step{set(0, 0)}, []step{expire}, false},
		{"another database written", []step{set(0, 0)}, []step{set(1, 0)}, true},
		{"became due", []step{set(0, life)}, []step{pass}, false},
		{"became due and was removed", []step{set(0, life)}, []step{pass, slice}, false},
		{"due already", []step{set(0, life), pass}, nil, true},
		{"due already, removed by a slice", []step{set(0, life), pass}, []step{slice}, true},
		{"due already, removed by a lookup", []step{set(0, life), pass}, []step{read}, true},
		{"due already, DEL", []step{set(0, life), pass}, []step{del}, true},
		{"due already, written", []step{set(0, life), pass}, []step{set(0, 0)}, false},
		{"due already, removed, created, removed", []step{set(0, life), pass}, []step{slice, set(0, 0), del}, false},
		{"flushed", []step{set(0, 0)}, []step{flush(0)}, false},
		{"flushed though absent", nil, []step{flush(0)}, true},
		{"another database flushed", []step{set(0, 0), set(1, 0)}, []step{flush(1)}, true},
		{"due already, flushed", []step{set(0, life), pass}, []step{flush(0)}, true},
		{"due already, flushed, created", []step{set(0, life), pass}, []step{flush(0), set(0, 0)}, false},
		{"became due, flushed", []step{set(0, life)}, []step{pass, flush(0)}, false},
		{"swapped away", []step{set(0, 0)}, []step{swap}, false},
		{"swapped in", []step{set(1, 0)}, []step{swap}, false},
		{"absent in both, swapped", nil, []step{swap}, true},
		{"due already, swapped for nothing", []step{set(0, life), pass}, []step{swap}, true},
		{"absent, swapped for a due key", []step{set(1, life), pass}, []step{swap}, true},
		{"absent, swapped for a due key, removed", []step{set(1, life), pass}, []step{swap, slice}, true},
		{"due already, swapped for a due key", []step{set(0, life), set(1, life), pass}, []step{swap}, true},
		{"due already, swapped for a live key", []step{set(0, life), pass, set(1, 0)}, []step{swap}, false},
		{"absent, swapped for one that becomes due", []step{set(1, life)}, []step{swap, pass}, false},
		{"due already, swapped for nothing, then created", []step{set(0, life), pass}, []step{swap, set(0, 0)}, false},
		{"absent in both, swapped twice", nil, []step{swap, swap}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, s := newRig(t), newSession()
			for _, f := range c.before {
				f(r)
			}
			r.watch(s, 0, "x")
			for _, f := range c.after {
				f(r)
			}
			if dirty := s.Dirty(); dirty && c.runs {
				t.Error("CLIENT LIST shows d")
			}
			if ok := r.exec(s); ok != c.runs {
				t.Errorf("EXEC runs: %v", ok)
			}
		})
	}
}

// Two sessions watch the same key, one before and one after it became due: its removal is a change for the first alone.
func TestDueIsJudgedForEachWatcher(t *testing.T) {
	r, early, late := newRig(t), newSession(), newSession()
	r.set(0, "x", life)
	r.watch(early, 0, "x")
	r.clock.Advance(life)
	r.watch(late, 0, "x")
	if r.exec(early) {
		t.Error("the key went after the first session watched it")
	}
	if !r.exec(late) {
		t.Error("the key was gone when the second session watched it")
	}
}

func TestUnwatchForgetsAndTheJournalRests(t *testing.T) {
	r, a, b := newRig(t), newSession(), newSession()
	if !r.j.Idle() {
		t.Error("the journal is busy though nobody watches")
	}
	r.watch(a, 0, "x", "y", "x")
	r.watch(b, 0, "x")
	if s, k := r.w.Counts(); s != 2 || k != 3 || a.Public.Watching.Load() != 2 {
		t.Errorf("%d sessions watch %d keys", s, k)
	}
	r.set(0, "y", 0)
	if !a.Dirty() || b.Dirty() {
		t.Error("only the session that watches y is concerned")
	}
	r.w.Unwatch(a)
	r.w.Unwatch(a)
	r.set(0, "x", 0)
	if a.Dirty() || a.Dirty() || !b.Dirty() {
		t.Error("a session that unwatched is still told, or the other is not")
	}
	r.w.Unwatch(b)
	if s, k := r.w.Counts(); s+k != 0 || !r.j.Idle() {
		t.Error("something is left")
	}
	for i := range r.w.parts {
		if n := len(r.w.parts[i].keys); n != 0 {
			t.Errorf("%d keys are left", n)
		}
	}
}

func TestNothingIsWatchedOnceTheTransactionFailed(t *testing.T) {
	r, s := newRig(t), newSession()
	r.watch(s, 0, "x")
	r.set(0, "x", 0)
	r.watch(s, 0, "y")
	if len(s.Multi.Watched) != 1 {
		t.Errorf("%d keys watched", len(s.Multi.Watched))
	}
}

// Writers and watchers run at once: a transaction that was not marked saw no write between WATCH and EXEC.
func TestNoChangeIsMissedUnderStress(t *testing.T) {
	r := newRig(t)
	var wrote [4]atomic.Int64 // writes of each key, counted under its lock
	var wg sync.WaitGroup
	for g := range 2 {
		wg.Go(func() {
			tx := r.ks.NewTxn()
			for i := range 2000 {
				n := (i + g) % len(wrote)
				key := []byte(fmt.Sprint("k", n))
				tx.Begin(r.clock.Now(), 0, 1, false)
				tx.LockKey(key)
				if err := tx.PutInt(key, int64(i), keyspace.PutOptions{}, eventSet); err != nil {
					t.Error(err)
				}
				wrote[n].Add(1)
				tx.Unlock()
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			tx, s := r.ks.NewTxn(), newSession()
			for i := range 2000 {
				n := i % len(wrote)
				key := []byte(fmt.Sprint("k", n))
				tx.Begin(r.clock.Now(), 0, 2, false)
				tx.LockKey(key)
				r.w.Watch(tx, s, key)
				seen := wrote[n].Load()
				tx.Unlock()
				tx.LockKey(key)
				changed := wrote[n].Load() != seen
				if dirty := s.Dirty(); dirty != changed {
					t.Errorf("marked: %v, changed: %v", dirty, changed)
				}
				r.w.Unwatch(s)
				tx.Unlock()
			}
		})
	}
	wg.Wait()
}

// A write marks all who watch its key at once: it is done under the lock of the key's shard, so it must not be long.
func TestAChangeCostsTheSameHoweverManyWatch(t *testing.T) {
	r := newRig(t)
	sessions := make([]*session.Session, 5000)
	for i := range sessions {
		sessions[i] = newSession()
		r.watch(sessions[i], 0, "x")
	}
	k := r.w.stripe([]byte("x")).keys[keyOf{0, "x"}]
	if k.watchers != len(sessions) || k.live.mark == nil || k.due.mark != nil {
		t.Fatalf("%d watchers, groups %v", k.watchers, k)
	}
	r.set(0, "x", 0)
	late := newSession()
	r.watch(late, 0, "x")
	if late.Dirty() {
		t.Error("a session that began to watch after the change is told of it")
	}
	for _, s := range sessions {
		if !s.Dirty() {
			t.Fatal("a session was not told")
		}
		r.w.Unwatch(s)
	}
	if !r.exec(late) {
		t.Error("the late session's transaction does not run")
	}
	if n, keys := r.w.Counts(); n+keys != 0 {
		t.Errorf("%d sessions, %d keys are left", n, keys)
	}
}

// Watching many keys looks none of them up in a list.
func TestAKeyIsWatchedOnceHoweverManyAre(t *testing.T) {
	r, s := newRig(t), newSession()
	var keys []string
	for i := range 3000 {
		keys = append(keys, fmt.Sprint("k", i))
	}
	r.watch(s, 0, keys...)
	r.watch(s, 0, keys...)
	r.watch(s, 1, "k0")
	if n := len(s.Multi.Watched); n != len(keys)+1 {
		t.Errorf("%d keys watched", n)
	}
	r.set(0, "k2999", 0)
	if !s.Dirty() || r.exec(s) {
		t.Error("a change was missed")
	}
}

func BenchmarkWriteToAKeyWith5000Watchers(b *testing.B) {
	r := &rig{clock: clock.NewFake(time.Unix(1_700_000_000, 0))}
	ks, err := keyspace.New(keyspace.Options{Shards: 4, Databases: 1, ReservePerShard: 1 << 28, Journal: &r.j, Wake: func(int) {}})
	if err != nil {
		b.Fatal(err)
	}
	defer ks.Close()
	r.ks, r.w, r.tx = ks, New(&r.j, LookupIn(ks, r.clock)), ks.NewTxn()
	for range 5000 {
		r.watch(newSession(), 0, "x")
	}
	for b.Loop() {
		r.set(0, "x", 0)
	}
}
