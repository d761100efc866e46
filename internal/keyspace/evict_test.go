package keyspace

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/journal"
)

// write runs fn as the dispatcher runs a command: room is made for what its arguments tell of, and once more for what a
// large block turns out to need. It reports whether the command was refused for want of memory.
func (f *fixture) write(need int64, fn func(tx *Txn) error) (refused bool) {
	f.t.Helper()
	if !f.tx.MakeRoom(f.clock.Now(), need+64, f.clock) {
		return true
	}
	for {
		var err error
		f.do(func(tx *Txn) { err = fn(tx) })
		var more *NeedRoom
		if !errors.As(err, &more) {
			if err != nil {
				f.t.Fatal(err)
			}
			return false
		}
		if !f.tx.MakeRoom(f.clock.Now(), more.Bytes, f.clock) {
			return true
		}
	}
}

// allPolicies are those that evict.
func allPolicies() (out []eviction.Policy) {
	for _, name := range eviction.Names() {
		if p, _ := eviction.Parse(name); p != eviction.NoEviction {
			out = append(out, p)
		}
	}
	return out
}

// Values that grow by appending, by writing far behind their end and by copying tell in their arguments nothing of what
// they will take.
func TestMemoryStaysWithinItsLimit(t *testing.T) {
	const limit, slack = 24 << 20, 24<<20/100 + 1<<20
	for _, p := range append(allPolicies(), eviction.NoEviction) {
		t.Run(p.String(), func(t *testing.T) {
			f := newFixture(t, 4).quiet()
			f.k.SetPolicy(p)
			f.k.Settings.MaxMemory.Store(limit)
			rnd := rand.New(rand.NewPCG(1, 2))
			big := make([]byte, 3<<20)
			most, refused, done := int64(0), 0, 0
			for range 6000 {
				key := []byte(name(rnd.IntN(400)))
				size := 1 << rnd.IntN(17)
				if rnd.IntN(50) == 0 {
					size = 1 + rnd.IntN(len(big))
				}
				size = max(1, size/2+rnd.IntN(size))
				value := big[:min(size, len(big))]
				o := PutOptions{}
				if rnd.IntN(2) == 0 {
					o.Deadline = f.after(time.Duration(1+rnd.IntN(100_000)) * time.Millisecond)
				}
				var no bool
				switch rnd.IntN(5) {
				case 0, 1:
					no = f.write(int64(len(key)+len(value)), func(tx *Txn) error { return tx.PutString(key, value, o, eventTest) })
				case 2: // APPEND
					no = f.write(int64(len(key)+len(value)), func(tx *Txn) error {
						en, ok := tx.Write(key)
						if !ok {
							return tx.PutString(key, value, o, eventTest)
						}
						return tx.Append(en, value, eventTest)
					})
				case 3: // SETRANGE key <far> x
					no = f.write(int64(len(key)+1), func(tx *Txn) error {
						en, ok := tx.Write(key)
						if !ok {
							return tx.PutAt(key, len(value), []byte("x"), eventTest)
						}
						return tx.SetRange(en, len(value), []byte("x"), eventTest)
					})
				case 4: // COPY
					dst := []byte(name(rnd.IntN(400)))
					no = string(dst) != string(key) && f.write(int64(len(key)+len(dst)), func(tx *Txn) error {
						en, ok := tx.Read(key)
						if !ok {
							return nil
						}
						return tx.CopyTo(en, 0, dst, eventTest)
					})
				}
				done++
				if no {
					refused++
				}
				most = max(most, f.k.Used())
				if f.k.Used() > limit+slack {
					t.Fatalf("after %d commands %d bytes are in use, %d more than the limit", done, f.k.Used(), f.k.Used()-limit)
				}
				f.clock.Advance(time.Duration(rnd.IntN(5)) * time.Millisecond)
			}
			check(t, f.k)
			c := f.counts()
			if most < limit*9/10 || p.AllKeys() && (c.Evicted == 0 || refused > 0) || p == eviction.NoEviction && (refused == 0 || c.Evicted > 0) {
				t.Errorf("at most %d bytes were in use, %d keys evicted, %d commands refused: the limit was not met as meant", most, c.Evicted, refused)
			}
			if c.EvictedExpiredPresent != 0 {
				t.Errorf("%d keys were evicted beside due ones", c.EvictedExpiredPresent)
			}
			t.Logf("most %d (%+d), evicted %d, refused %d, expired %d", most, most-limit, c.Evicted, refused, c.ExpiredActive+c.ExpiredLazy)
		})
	}
}

func TestVolatileTTLEvictsTheNearestDeadlinesInOrder(t *testing.T) {
	const keys = 3000
	for _, step := range []time.Duration{0, -time.Hour, time.Hour} {
		f := newFixture(t, 16)
		f.k.SetPolicy(eviction.VolatileTTL)
		rnd := rand.New(rand.NewPCG(3, 4))
		deadlines := map[string]Deadline{}
		for i := range keys {
			left := 2*time.Hour + time.Duration(rnd.IntN(1<<rnd.IntN(31)))*time.Millisecond
			at := f.after(left)
			if i%2 == 0 {
				at = f.at(left)
			}
			f.set(name(i), "v", at)
			deadlines[name(i)] = at
			f.set("forever:"+name(i), "v", None)
		}
		f.clock.StepWall(step)
		f.log.take()
		for range keys {
			f.k.Settings.MaxMemory.Store(f.k.Used())
			if !f.tx.MakeRoom(f.clock.Now(), 1, f.clock) {
				t.Fatal("no room was made while volatile keys are there")
			}
		}
		last, n := int64(-1), 0
		for _, r := range f.log.take() {
			if r.Reason != journal.Evicted {
				t.Fatalf("record %+v", r)
			}
			left := deadlines[string(r.Key)].remainingMs(f.clock.Now())
			if left < last {
				t.Fatalf("step %v: eviction %d took %q with %d ms left after one with %d", step, n, r.Key, left, last)
			}
			last = left
			n++
		}
		if n < keys-100 { // a call may free more than one key when a segment goes with it
			t.Errorf("%d keys were evicted", n)
		}
		for f.tx.MakeRoom(f.clock.Now(), 1, f.clock) {
			f.k.Settings.MaxMemory.Store(f.k.Used())
		}
		if f.stored() != keys {
			t.Errorf("%d keys are left, want the %d without a TTL", f.stored(), keys)
		}
		check(t, f.k)
	}
}

func TestVolatilePoliciesNeverEvictKeysWithoutATTL(t *testing.T) {
	for _, p := range allPolicies() {
		if !p.Volatile() {
			continue
		}
		f := newFixture(t, 4)
		f.k.SetPolicy(p)
		for i := range 2000 {
			f.set("forever:"+name(i), "v", None)
		}
		const rare = 7 // volatile keys among many others must be found
		for i := range rare {
			f.set(name(i), "v", f.after(time.Hour))
		}
		f.log.take()
		f.k.Settings.MaxMemory.Store(1 << 10)
		if f.tx.MakeRoom(f.clock.Now(), 0, f.clock) {
			t.Errorf("%s: room was made out of keys without a TTL", p)
		}
		got := f.log.take()
		if len(got) != rare || f.stored() != 2000 {
			t.Errorf("%s: %d records, %d keys are left", p, len(got), f.stored())
		}
		check(t, f.k)
	}
}

func TestDueKeysGoBeforeAnythingIsEvictedOrRefused(t *testing.T) {
	for _, active := range []bool{true, false} {
		for _, p := range append(allPolicies(), eviction.NoEviction) {
			f := newFixture(t, 8)
			f.k.SetPolicy(p)
			f.k.Settings.ActiveExpiry.Store(active)
			for i := range 2000 {
				f.set(name(i), "v", f.after(time.Duration(1+i%2)*time.Hour))
			}
			f.clock.Advance(time.Hour)
			f.log.take()
			f.k.Settings.MaxMemory.Store(f.k.Used() * 6 / 10)
			if !f.tx.MakeRoom(f.clock.Now(), 0, f.clock) {
				t.Errorf("%s: refused while keys are due", p)
			}
			for _, r := range f.log.take() {
				if r.Reason != journal.Expired {
					t.Fatalf("%s: record %+v while keys are due", p, r)
				}
			}
			// Now there must be evictions, and a due key that comes in between goes first.
			f.set("due", "v", f.after(-time.Second))
			f.log.take()
			f.k.Settings.MaxMemory.Store(f.k.Used() - 1000)
			f.tx.MakeRoom(f.clock.Now(), 0, f.clock)
			evicted := false
			for _, r := range f.log.take() {
				evicted = evicted || r.Reason == journal.Evicted
				if string(r.Key) == "due" && (r.Reason != journal.Expired || evicted) {
					t.Errorf("%s: a due key left by reason %d, after an eviction: %v", p, r.Reason, evicted)
				}
			}
			if n := f.counts().EvictedExpiredPresent; n != 0 {
				t.Errorf("%s: %d keys were evicted beside due ones", p, n)
			}
			check(t, f.k)
		}
	}
}

// Between the slices of expiry and an eviction another goroutine may put a key that is due already.
func TestADueKeyGoesInTheVictimsPlace(t *testing.T) {
	f := newFixture(t, 1)
	f.set("victim", "v", None)
	f.set("due", "v", f.after(-1))
	f.log.take()
	f.do(func(tx *Txn) {
		en, _ := tx.Peek([]byte("victim"))
		if tx.evict(en) <= 0 {
			t.Error("nothing was freed")
		}
	})
	if got := f.log.take(); len(got) != 1 || string(got[0].Key) != "due" || got[0].Reason != journal.Expired {
		t.Errorf("records %+v", got)
	}
}

func TestFlushedMemoryIsTakenBeforeKeys(t *testing.T) {
	f := newFixture(t, 4)
	f.k.SetPolicy(eviction.AllKeysLRU)
	for i := range 5000 {
		f.set(name(i), "v", None)
	}
	f.k.Settings.MaxMemory.Store(f.k.Used())
	f.do(func(tx *Txn) { tx.Flush(0, false) })
	for i := range 5000 {
		key := []byte("new:" + name(i))
		if f.write(64, func(tx *Txn) error { return tx.PutString(key, []byte("v"), PutOptions{}, eventTest) }) {
			t.Fatal("refused")
		}
		if i == 4000 && f.counts().Evicted != 0 {
			t.Errorf("%d keys were evicted while flushed ones held memory", f.counts().Evicted)
		}
	}
	check(t, f.k)
}

// Candidates that are gone must not stand in the way of those that are there.
func TestAPoolOfGoneKeysIsNoOOM(t *testing.T) {
	for _, p := range allPolicies() {
		f := newFixture(t, 4)
		f.k.SetPolicy(p)
		fill := func() {
			for i := range 3000 {
				f.set(strconv.Itoa(rand.IntN(1e9)), "v", f.after(time.Hour+time.Duration(i)))
			}
		}
		fill()
		f.clock.Advance(time.Minute) // the pool's candidates are idle for longer than anything that comes after
		f.k.Settings.MaxMemory.Store(f.k.Used() - 10_000)
		if !f.tx.MakeRoom(f.clock.Now(), 0, f.clock) {
			t.Fatalf("%s: refused", p)
		}
		f.do(func(tx *Txn) { tx.Flush(0, true) })
		fill()
		f.k.Settings.MaxMemory.Store(f.k.Used() - 10_000)
		if !f.tx.MakeRoom(f.clock.Now(), 0, f.clock) {
			t.Errorf("%s: refused because the pool holds keys that were flushed", p)
		}
		check(t, f.k)
	}
}

func TestACandidateThatWasUsedSinceIsNotEvicted(t *testing.T) {
	for _, policy := range []string{"allkeys-lru", "allkeys-lfu", "volatile-lru", "volatile-lfu"} {
		p, _ := eviction.Parse(policy)
		f := newFixture(t, 4)
		f.k.SetPolicy(p)
		const keys = 40
		for i := range keys {
			f.set(name(i), "v", f.after(time.Hour))
		}
		f.clock.Advance(10 * time.Second)
		evict := func() string {
			f.log.take()
			f.k.Settings.MaxMemory.Store(f.k.Used() - 1)
			if !f.tx.MakeRoom(f.clock.Now(), 0, f.clock) {
				t.Fatal("refused")
			}
			return string(f.log.take()[0].Key)
		}
		gone := map[string]bool{}
		for range 20 { // until the pool knows all keys
			gone[evict()] = true
		}
		spared := ""
		for i := range keys {
			if gone[name(i)] {
				continue
			}
			if spared == "" {
				spared = name(i)
				continue
			}
			for range 100 {
				f.get(name(i))
			}
		}
		if got := evict(); got != spared {
			t.Errorf("%s evicted %s, which was used a moment ago, not %s", policy, got, spared)
		}
	}
}

func TestANeedBeyondTheLimitEvictsNothing(t *testing.T) {
	f := newFixture(t, 4)
	f.k.SetPolicy(eviction.AllKeysLRU)
	for i := range 1000 {
		f.set(name(i), "v", None)
	}
	limit := f.k.Used() + 100
	f.k.Settings.MaxMemory.Store(limit)
	if f.tx.MakeRoom(f.clock.Now(), limit+1, f.clock) || f.stored() != 1000 {
		t.Errorf("%d keys are left for a need that cannot be met", f.stored())
	}
	f.k.AddExternal(2 * limit)
	defer f.k.AddExternal(-2 * limit)
	if f.tx.MakeRoom(f.clock.Now(), 0, f.clock) || f.stored() != 1000 {
		t.Errorf("%d keys are left although the buffers of clients alone are too much", f.stored())
	}
}

func TestALoweredLimitIsReachedInSteps(t *testing.T) {
	const need = 1000
	f := newFixture(t, 4).quiet()
	f.k.SetPolicy(eviction.AllKeysLRU)
	for i := range 50_000 {
		f.set(name(i), "value", None)
	}
	c := &tickingClock{Fake: f.clock, step: 20 * time.Microsecond}
	limit := f.k.Used() / 4
	f.k.Settings.MaxMemory.Store(limit)
	calls := 0
	for f.k.Over(need) > 0 {
		before, looks := f.k.Used(), c.looks
		if !f.tx.MakeRoom(f.clock.Now(), need, c) {
			t.Fatal("refused")
		}
		calls++
		if freed := before - f.k.Used(); f.k.Over(need) > 0 && freed < roomFactor*need {
			t.Fatalf("call %d freed %d bytes for %d", calls, freed, need)
		}
		if n := c.looks - looks; n > 2*int(roomBudget/c.step)+100 {
			t.Fatalf("call %d went on for %d looks at the clock", calls, n)
		}
	}
	if calls < 10 {
		t.Errorf("it took %d calls: each was long", calls)
	}
	check(t, f.k)
}

func TestNothingIsEvictedWhileExpiryIsHeld(t *testing.T) {
	f := newFixture(t, 1)
	f.k.SetPolicy(eviction.AllKeysRandom)
	f.set("k", "v", None)
	f.k.Settings.MaxMemory.Store(1)
	f.k.Settings.HoldExpiry.Store(true)
	if f.tx.MakeRoom(f.clock.Now(), 0, f.clock) || f.stored() != 1 {
		t.Error("a key was evicted while clients are paused")
	}
}

func TestAPolicyChosenAtRunTimeKnowsWhatWasUsed(t *testing.T) {
	f := newFixture(t, 4)
	const keys = 200
	for i := range keys {
		f.set(name(i), "v", f.after(time.Hour))
	}
	// Odd keys are used often but long ago, even ones once and lately.
	for range 200 {
		for i := 1; i < keys; i += 2 {
			f.get(name(i))
		}
	}
	f.clock.Advance(10 * time.Second)
	for i := 0; i < keys; i += 2 {
		f.get(name(i))
	}
	for _, c := range []struct {
		policy  string
		parity  int
		because string
	}{
		{"allkeys-lfu", 0, "used once"},
		{"volatile-lru", 1, "used long ago"},
		{"volatile-lfu", 0, "used once"},
		{"allkeys-lru", 1, "used long ago"},
	} {
		p, _ := eviction.Parse(c.policy)
		f.k.SetPolicy(p)
		f.log.take()
		for range 10 {
			f.k.Settings.MaxMemory.Store(f.k.Used() - 1)
			if !f.tx.MakeRoom(f.clock.Now(), 0, f.clock) {
				t.Fatal("refused")
			}
		}
		for _, r := range f.log.take() {
			i, _ := strconv.Atoi(string(r.Key)[len("key:"):])
			if i%2 != c.parity {
				t.Errorf("%s evicted %s, which was not %s", c.policy, r.Key, c.because)
			}
		}
	}
}

// lru is the exact policy on a model: a list of keys in the order of their last use.
type lru struct {
	capacity int
	keys     []uint64
}

func (m *lru) request(key uint64) (hit bool) {
	if i := slices.Index(m.keys, key); i >= 0 {
		m.keys = slices.Delete(m.keys, i, i+1)
		hit = true
	} else if len(m.keys) == m.capacity {
		m.keys = slices.Delete(m.keys, 0, 1)
	}
	m.keys = append(m.keys, key)
	return hit
}

// cache is a keyspace that holds a number of keys.
type cache struct {
	*fixture
	capacity int
	evict    func(c *cache)
}

func (c *cache) request(key uint64) (hit bool) {
	k := []byte(strconv.FormatUint(key, 10))
	c.clock.Advance(4 * time.Millisecond) // so that the access clock tells every two uses apart
	c.do(func(tx *Txn) { _, hit = tx.Read(k) })
	if hit {
		return true
	}
	for c.stored() >= c.capacity {
		c.evict(c)
	}
	c.do(func(tx *Txn) {
		if err := tx.PutString(k, []byte("v"), PutOptions{}, eventTest); err != nil {
			c.t.Fatal(err)
		}
	})
	return false
}

func evictSampled(c *cache) {
	if _, ok := c.tx.evictSome(c.clock.Now(), 1); !ok {
		c.t.Fatal("nothing to evict")
	}
}

// evictExact scores every key there is.
func evictExact(c *cache) {
	c.do(func(tx *Txn) {
		var worst Entry
		most := uint64(0)
		tx.Each(func(en Entry) {
			if s := tx.score(c.k.Policy(), en.e); worst.h == 0 || s > most {
				worst, most = en, s
			}
		})
		en, _ := tx.Peek(worst.Key())
		tx.evict(en)
	})
}

// ratio is the hit ratio in percent of a skewed sequence whose popular keys change now and then.
func ratio(requests int, request func(key uint64) bool) float64 {
	rnd := rand.New(rand.NewPCG(7, 8))
	z := rand.NewZipf(rnd, 1.1, 1, 20_000)
	hits := 0
	for i := range requests {
		if request(z.Uint64() + uint64(i/(requests/5))*50) {
			hits++
		}
	}
	return 100 * float64(hits) / float64(requests)
}

// The counters of LFU are raised by chance. With few keys that is most of what one run differs from the next, for the exact policy
// as well (a standard deviation of 0.8 percent), so means of several runs are compared, and with more to spare.
func TestHitRatioIsThatOfTheExactPolicy(t *testing.T) {
	for _, c := range []struct {
		capacity, requests int
	}{{50, 100_000}, {400, 60_000}, {2000, 60_000}} {
		for _, policy := range []string{"allkeys-lru", "allkeys-lfu"} {
			p, _ := eviction.Parse(policy)
			runs, spare := 1, 0.5
			if !p.LRU() && c.capacity < 100 {
				runs, spare = 8, 1
			}
			of := func(evict func(*cache)) float64 {
				sum := 0.0
				for range runs {
					f := newFixture(t, 16).quiet()
					f.k.SetPolicy(p)
					in := &cache{fixture: f, capacity: c.capacity, evict: evict}
					sum += ratio(c.requests, in.request)
				}
				return sum / float64(runs)
			}
			var exact float64
			switch {
			case p.LRU():
				exact = ratio(c.requests, (&lru{capacity: c.capacity}).request)
			case c.capacity > 400:
				continue // every key scored at every eviction takes too long
			default:
				exact = of(evictExact)
			}
			got := of(evictSampled)
			t.Logf("%d keys of 16 shards, %s: %.2f%%, exact %.2f%%", c.capacity, policy, got, exact)
			if got < exact-spare {
				t.Errorf("%d keys of 16 shards, %s: %.2f%% hits, exact %.2f%%", c.capacity, policy, got, exact)
			}
		}
	}
}

// CONFIG SET in an EXEC switches the policy with the shards of the other commands locked.
func TestThePolicyIsSwitchedUnderLocks(t *testing.T) {
	f := newFixture(t, 4)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.do(func(*Txn) { f.k.SetPolicy(eviction.AllKeysLFU) })
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for its own locks")
	}
}
