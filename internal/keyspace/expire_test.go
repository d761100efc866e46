package keyspace

import (
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/journal"
)

// timelines are the two kinds of deadlines.
var timelines = []struct {
	name string
	in   func(f *fixture, d time.Duration) Deadline
}{
	{"monotonic", (*fixture).after},
	{"wall", (*fixture).at},
}

// readers are the ways to see a key.
var readers = map[string]func(tx *Txn, key []byte) bool{
	"Read":    func(tx *Txn, key []byte) bool { _, ok := tx.Read(key); return ok },
	"Write":   func(tx *Txn, key []byte) bool { _, ok := tx.Write(key); return ok },
	"Inspect": func(tx *Txn, key []byte) bool { _, ok := tx.Inspect(key); return ok },
	"Peek":    func(tx *Txn, key []byte) bool { _, ok := tx.Peek(key); return ok },
	"PeekIn":  func(tx *Txn, key []byte) bool { _, ok := tx.PeekIn(0, key); return ok },
	"Random":  func(tx *Txn, _ []byte) bool { _, ok := tx.Random(1 << 60); return ok },
	"Len":     func(tx *Txn, _ []byte) bool { return tx.Len() == 1 },
	"DBStats": func(tx *Txn, _ []byte) bool { return tx.DBStats()[0].Keys == 1 && tx.DBStats()[0].Volatile == 1 },
	"Scan":    func(tx *Txn, _ []byte) bool { n := 0; tx.Scan(0, 100, func(Entry) { n++ }); return n == 1 },
	"Each":    func(tx *Txn, _ []byte) bool { n := 0; tx.Each(func(Entry) { n++ }); return n == 1 },
	"CopyTo": func(tx *Txn, key []byte) bool {
		en, ok := tx.Peek(key)
		return ok && tx.CopyTo(en, 1, key, eventTest) == nil
	},
	"Deadline": func(tx *Txn, key []byte) bool { en, ok := tx.Peek(key); return ok && tx.RemainingMs(en.Deadline()) > 0 },
}

// almost is the last instant of the millisecond before d.
const almost = time.Millisecond - 1

func TestReadersSeeAKeyUntilItsDeadlineExactly(t *testing.T) {
	for _, line := range timelines {
		for reader, sees := range readers {
			t.Run(line.name+"/"+reader, func(t *testing.T) {
				f := newFixture(t, 1)
				f.set("k", "v", line.in(f, time.Second))
				f.clock.Advance(time.Second - time.Millisecond)
				f.clock.Advance(almost - time.Duration(f.clock.Now().Mono%1e6)) // to the last ns of the millisecond
				f.do(func(tx *Txn) {
					if !sees(tx, []byte("k")) {
						t.Error("the key is not seen in the millisecond before its deadline")
					}
				})
				f.clock.Advance(1)
				f.do(func(tx *Txn) {
					if sees(tx, []byte("k")) {
						t.Error("the key is seen at its deadline")
					}
				})
				check(t, f.k)
			})
		}
	}
}

func TestSlicesRemoveAKeyAtItsDeadlineExactly(t *testing.T) {
	for _, line := range timelines {
		t.Run(line.name, func(t *testing.T) {
			f := newFixture(t, 4)
			for i, d := range []time.Duration{1, 2, 63, 64, 65, 1000, 4096, 100_000, 86_400_000, 30 * 86_400_000} {
				f.set(name(i), "v", line.in(f, d*time.Millisecond))
			}
			f.set("stays", "v", None)
			passed := time.Duration(0)
			for i, d := range []time.Duration{1, 2, 63, 64, 65, 1000, 4096, 100_000, 86_400_000, 30 * 86_400_000} {
				d *= time.Millisecond
				f.clock.Advance(d - passed - 1)
				f.expire()
				if got, want := f.stored(), 11-i; got != want {
					t.Fatalf("1 ns before %v: %d keys are stored, want %d", d, got, want)
				}
				f.clock.Advance(1)
				f.expire()
				if got, want := f.stored(), 10-i; got != want {
					t.Fatalf("at %v: %d keys are stored, want %d", d, got, want)
				}
				passed = d
				check(t, f.k)
			}
			c := f.counts()
			if c.ExpiredActive != 10 || c.ExpiredLazy != 0 {
				t.Errorf("expired: %d by slices, %d by readers", c.ExpiredActive, c.ExpiredLazy)
			}
			if lag := f.k.ActiveLag.Percentile(100); lag > int64(time.Millisecond) {
				t.Errorf("a key was removed %v late by the histogram", time.Duration(lag))
			}
		})
	}
}

func TestAnExpiredKeyIsRecordedOnceAsExpired(t *testing.T) {
	for _, lazy := range []bool{false, true} {
		f := newFixture(t, 1)
		f.set("k", "v", f.after(time.Second))
		f.log.take()
		f.clock.Advance(time.Second)
		if lazy {
			f.do(func(tx *Txn) { tx.Peek([]byte("k")) })
		} else {
			f.expire()
		}
		f.expire()
		f.do(func(tx *Txn) { tx.Peek([]byte("k")) })
		got := f.log.take()
		if len(got) != 1 || got[0].Reason != journal.Expired || string(got[0].Key) != "k" || got[0].Event.Name != "expired" {
			t.Errorf("lazy %v: records %+v", lazy, got)
		}
	}
}

func TestAPutOverADueKeyMakesANewOne(t *testing.T) {
	f := newFixture(t, 1)
	f.set("k", "old", f.after(time.Second))
	f.clock.Advance(time.Second)
	f.log.take()
	f.do(func(tx *Txn) {
		if err := tx.PutString([]byte("k"), []byte("new"), PutOptions{KeepTTL: true}, eventTest); err != nil {
			t.Fatal(err)
		}
		en, ok := tx.Peek([]byte("k"))
		if !ok || en.Deadline() != None {
			t.Errorf("found %v, deadline %v: the TTL of the key that went was kept", ok, en.Deadline())
		}
	})
	var reasons []journal.Reason
	for _, r := range f.log.take() {
		reasons = append(reasons, r.Reason)
	}
	if len(reasons) != 3 || reasons[0] != journal.Expired || reasons[1] != journal.Created || reasons[2] != journal.Write {
		t.Errorf("records %v, want expired, created, write", reasons)
	}
	check(t, f.k)
}

// Relative TTLs age on the monotonic clock: a step of the wall clock makes none early and none late. Absolute ones follow
// the wall clock at once.
func TestAStepOfTheWallClockMovesAbsoluteDeadlinesOnly(t *testing.T) {
	const keys = 100_000
	span := 100 * time.Second
	for _, step := range []time.Duration{5 * time.Second, -5 * time.Second, 365 * 24 * time.Hour} {
		t.Run(step.String(), func(t *testing.T) {
			f := newFixture(t, 16).quiet()
			spread := span / (keys / 2)
			f.do(func(tx *Txn) {
				for i := range keys / 2 {
					ms := 1000 + (time.Duration(i) * spread).Milliseconds()
					for kind, at := range []Deadline{tx.After(ms), tx.At(tx.Now.WallMs() + ms)} {
						if err := tx.PutString([]byte(name(kind*keys+i)), []byte("v"), PutOptions{Deadline: at}, eventTest); err != nil {
							t.Fatal(err)
						}
					}
				}
			})
			// dueAfter is how many of a kind are due when so much of its timeline has passed.
			dueAfter := func(passed time.Duration) int {
				n := 0
				for i := range keys / 2 {
					if 1000+(time.Duration(i)*spread).Milliseconds() <= passed.Milliseconds() {
						n++
					}
				}
				return n
			}
			passed, stepped := time.Duration(0), time.Duration(0)
			look := func() {
				t.Helper()
				f.expire()
				left := map[bool]int{}
				f.do(func(tx *Txn) { tx.Each(func(en Entry) { left[en.Deadline().IsWall()]++ }) })
				if want := keys/2 - dueAfter(passed); left[false] != want {
					t.Errorf("%v after the start: %d relative keys are left, want %d", passed, left[false], want)
				}
				if want := keys/2 - dueAfter(passed+stepped); left[true] > want {
					t.Errorf("%v after the start: %d absolute keys are left, want %d", passed, left[true], want)
				}
				if f.stored() != left[false]+left[true] {
					t.Errorf("%d keys are stored, %d are seen", f.stored(), left[false]+left[true])
				}
			}
			wait := func(d time.Duration) { f.clock.Advance(d); passed += d }
			look()
			wait(20 * time.Second)
			look()
			f.clock.StepWall(step)
			stepped = step
			look()
			for range 5 {
				wait(3*time.Second + 17*time.Millisecond)
				look()
			}
			check(t, f.k)
			f.clock.StepWall(-step)
			stepped = 0
			look()
			wait(span)
			look()
			check(t, f.k)
			if f.stored() != 0 {
				t.Errorf("%d keys are left at the end", f.stored())
			}
		})
	}
}

func TestExpireClockWallMakesRelativeTTLsFollowTheWallClock(t *testing.T) {
	f := newFixture(t, 1)
	f.set("monotonic", "v", f.after(10*time.Second))
	f.k.Settings.WallExpiry.Store(true)
	f.set("wall", "v", f.after(10*time.Second))
	f.clock.StepWall(10 * time.Second)
	f.expire()
	if _, ok := f.get("wall"); ok {
		t.Error("a key set under expire-clock wall outlived a step of the wall clock over its TTL")
	}
	if _, ok := f.get("monotonic"); !ok {
		t.Error("a key that was set before the switch went with the wall clock")
	}
	f.clock.Advance(10 * time.Second)
	f.expire()
	if f.stored() != 0 {
		t.Errorf("%d keys are left", f.stored())
	}
}

// With the budget of a slice a loop bounds what others wait for the lock: it must bound the work, however much is due.
func TestSlicesAreBoundedByWork(t *testing.T) {
	const keys, budget, step = 50_000, 250 * time.Microsecond, 10 * time.Microsecond
	f := newFixture(t, 1).quiet()
	c := &tickingClock{Fake: f.clock, step: step}
	f.do(func(tx *Txn) {
		for i := range keys {
			if err := tx.PutString([]byte(name(i)), []byte("v"), PutOptions{Deadline: tx.After(60_000)}, eventTest); err != nil {
				t.Fatal(err)
			}
		}
	})
	f.clock.Advance(time.Minute)
	most := int(budget/step+2) * expireStep
	slices := 0
	for more := true; more; slices++ {
		before := f.stored()
		more = f.tx.ExpireSlice(0, f.clock.Now(), budget, c)
		if n := before - f.stored(); n > most {
			t.Fatalf("a slice removed %d keys, at most %d fit its budget", n, most)
		}
		if more && slices > 10*keys/expireStep {
			t.Fatal("the slices do not come to an end")
		}
	}
	if f.stored() != 0 {
		t.Errorf("%d due keys are left when no more are reported", f.stored())
	}
	check(t, f.k)
}

func TestFlushedMemoryIsGivenBackInSlices(t *testing.T) {
	const keys, budget, step = 20_000, 250 * time.Microsecond, 10 * time.Microsecond
	f := newFixture(t, 1).quiet()
	c := &tickingClock{Fake: f.clock, step: step}
	for i := range keys {
		f.set(name(i), "v", f.after(time.Duration(i)*time.Second+time.Second))
	}
	used := f.k.Used()
	f.do(func(tx *Txn) {
		if n := tx.Flush(0, false); n != keys {
			t.Errorf("Flush tells of %d keys", n)
		}
		if tx.Len() != 0 {
			t.Errorf("%d keys are seen after the flush", tx.Len())
		}
	})
	if f.k.Used() != used {
		t.Error("the memory went with the keys")
	}
	if _, armed := f.k.NextDueMs(0, f.clock.Now()); armed {
		t.Error("a flushed key's deadline is announced")
	}
	f.set("new", "v", None) // the database is used again meanwhile
	most := int64(budget/step+2) * drainStep
	last := int64(keys)
	for f.tx.DrainSlice(0, budget, c) {
		left := f.counts().Pending
		if n := last - left; n > most {
			t.Fatalf("a slice freed %d entries, at most %d fit its budget", n, most)
		}
		last = left
		check(t, f.k)
	}
	check(t, f.k)
	if v, ok := f.get("new"); !ok || v != "v" {
		t.Error("a key set after the flush went with it")
	}
	f.do(func(tx *Txn) { tx.Flush(0, true) })
	if f.k.Used() != 0 {
		t.Errorf("%d bytes are in use without keys", f.k.Used())
	}
}

func TestTheNextDeadlineIsAnnouncedAndWakesTheOwner(t *testing.T) {
	f := newFixture(t, 1)
	woken := 0
	f.k.wake = func(int) { woken++ }
	next := func() time.Duration {
		ms, ok := f.k.NextDueMs(0, f.clock.Now())
		if !ok {
			return -1
		}
		return time.Duration(ms) * time.Millisecond
	}
	if next() != -1 {
		t.Errorf("something is due in %v in an empty keyspace", next())
	}
	for i, c := range []struct {
		at    Deadline
		next  time.Duration
		wakes bool
	}{
		{f.after(10 * time.Second), 10 * time.Second, true},
		{f.after(20 * time.Second), 10 * time.Second, false},
		{f.at(15 * time.Second), 10 * time.Second, true}, // the nearest of its timeline
		{f.at(5 * time.Second), 5 * time.Second, true},
		{f.after(time.Second), time.Second, true},
		{f.after(time.Second), time.Second, false},
	} {
		woken = 0
		f.set(name(i), "v", c.at)
		if next() != c.next || (woken > 0) != c.wakes {
			t.Errorf("key %d: next %v, want %v; woken %d times", i, next(), c.next, woken)
		}
	}
	f.clock.StepWall(5 * time.Second)
	if next() != 0 {
		t.Errorf("after the wall clock reached a deadline something is due in %v, want now", next())
	}
	f.expire()
	if f.stored() != 5 || next() > time.Second {
		t.Errorf("%d keys are stored, the next is due in %v", f.stored(), next())
	}
}

func TestExpiryIsHeldWhileClientsArePaused(t *testing.T) {
	f := newFixture(t, 2)
	f.set("k", "v", f.after(time.Second))
	f.set("other", "v", None)
	f.k.Settings.HoldExpiry.Store(true)
	f.clock.Advance(time.Second)
	f.expire()
	if _, ok := f.get("k"); ok {
		t.Error("a due key is seen")
	}
	if f.stored() != 2 {
		t.Error("a due key was removed while expiry is held")
	}
	f.do(func(tx *Txn) {
		en, _ := tx.Peek([]byte("other"))
		if err := tx.Move(en, 0, []byte("k"), eventTest, eventTest); err != nil {
			t.Fatal(err)
		}
	})
	check(t, f.k)
	if v, ok := f.get("k"); !ok || v != "v" || f.stored() != 1 {
		t.Errorf("after a rename over a due key: %q, %d keys stored", v, f.stored())
	}
	f.k.Settings.HoldExpiry.Store(false)
	f.expire()
	check(t, f.k)
}

func TestARandomKeyIsFoundAmongDueOnesThatAreHeld(t *testing.T) {
	f := newFixture(t, 4)
	for i := range 500 {
		f.set(name(i), "v", f.after(time.Second))
	}
	f.k.Settings.HoldExpiry.Store(true)
	f.clock.Advance(time.Second)
	f.do(func(tx *Txn) {
		if en, ok := tx.Random(12345); ok {
			t.Errorf("found %q, which is due", en.Key())
		}
	})
	f.set("alive", "v", None)
	for seed := range uint64(20) {
		f.do(func(tx *Txn) {
			if en, ok := tx.Random(seed << 58); !ok || string(en.Key()) != "alive" {
				t.Errorf("seed %d: found %v", seed, ok)
			}
		})
	}
}

func TestRandomKeysAreDrawnEvenly(t *testing.T) {
	f := newFixture(t, 4)
	const keys, draws = 40, 20_000
	for i := range keys {
		f.set(name(i), "v", None)
	}
	drawn := map[string]int{}
	f.do(func(tx *Txn) {
		rnd := uint64(1)
		for range draws {
			rnd = rnd*0x9e3779b97f4a7c15 + 1
			en, ok := tx.Random(rnd ^ rnd>>29)
			if !ok {
				t.Fatal("no key was found")
			}
			drawn[string(en.Key())]++
		}
	})
	for i := range keys {
		if n := drawn[name(i)]; n < draws/keys/2 || n > draws/keys*2 {
			t.Errorf("%s was drawn %d times of %d", name(i), n, draws)
		}
	}
}

func TestSwitchedOffActiveExpiryLeavesRemovalToReaders(t *testing.T) {
	f := newFixture(t, 1)
	f.k.Settings.ActiveExpiry.Store(false)
	f.set("k", "v", f.after(time.Second))
	f.clock.Advance(time.Second)
	f.expire()
	if f.stored() != 1 {
		t.Error("a slice removed a key")
	}
	if _, ok := f.get("k"); ok || f.stored() != 0 {
		t.Error("a reader did not remove the key")
	}
	if c := f.counts(); c.ExpiredLazy != 1 || c.ExpiredActive != 0 {
		t.Errorf("counts %+v", c)
	}
}

func TestDeadlineArithmetic(t *testing.T) {
	now := clock.Instant{Mono: 5_000_000, Wall: 1_700_000_000_000_000_000}
	for _, c := range []struct {
		d         Deadline
		wall, due bool
		left      int64
	}{
		{monoDeadline(5), false, true, 0},
		{monoDeadline(6), false, false, 1},
		{monoDeadline(-3), false, true, 0},
		{wallDeadline(1_700_000_000_000), true, true, 0},
		{wallDeadline(1_700_000_000_001), true, false, 1},
		{wallDeadline(-1), true, true, 0},
		{wallDeadline(0), true, true, 0},
	} {
		if c.d == None || c.d.IsWall() != c.wall || c.d.due(now) != c.due || c.d.remainingMs(now) != c.left {
			t.Errorf("%x: wall %v, due %v, left %d", uint64(c.d), c.d.IsWall(), c.d.due(now), c.d.remainingMs(now))
		}
	}
	if got := monoDeadline(7).unixMs(now); got != 1_700_000_000_002 {
		t.Errorf("2 ms from now is unix time %d", got)
	}
}
