package keyspace

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/eviction"
)

// spend writes a new small key after room was made for it, as the dispatcher does; false: refused.
func (f *fixture) spend(tx *Txn, key string) bool {
	value := []byte("0123456789012345678901234567890123456789")
	if !tx.Room(f.clock.Now(), int64(len(key)+len(value)+64), f.clock) {
		return false
	}
	tx.Begin(f.clock.Now(), 0, 1, false)
	tx.LockKey([]byte(key))
	defer tx.Unlock()
	if err := tx.PutText([]byte(key), value, PutOptions{}, eventTest); err != nil {
		f.t.Error(err)
	}
	return true
}

// What a worker has reserved under one limit is not its to take under a lower one.
func TestALeaseEndsWithItsLimit(t *testing.T) {
	f := newFixture(t, 16).quiet()
	f.k.SetPolicy(eviction.NoEviction)
	f.k.SetMaxMemory(64 << 20)
	tx := f.k.NewTxn()
	if !f.spend(tx, "a") {
		t.Fatal("refused although there is room")
	}
	f.k.SetMaxMemory(1)
	if f.spend(tx, "b") {
		t.Error("a write passed although memory is over its limit")
	}
	f.k.SetMaxMemory(64 << 20)
	if !f.spend(tx, "c") {
		t.Error("refused although there is room again")
	}
	tx.endLease()
	if n := f.k.limits.leased.Load(); n != 0 {
		t.Errorf("%d bytes stay reserved", n)
	}
}

// TestLeasesKeepTheLimit: several workers write in turn and at once. None is refused while keys can go, memory stays below
// its limit and close to it, and what is reserved is within its bounds.
func TestLeasesKeepTheLimit(t *testing.T) {
	const limit, workers = 4 << 20, 4
	for _, p := range allPolicies() {
		if p.Volatile() {
			continue
		}
		f := newFixture(t, 16).quiet()
		f.k.SetPolicy(p)
		f.k.SetMaxMemory(limit)
		var all sync.WaitGroup
		for w := range workers {
			all.Go(func() {
				tx, rnd := f.k.NewTxn(), rand.New(rand.NewPCG(uint64(w), 1))
				for range 30_000 {
					if !f.spend(tx, name(rnd.IntN(1<<30))) {
						t.Errorf("%s: refused", p)
						return
					}
				}
			})
		}
		ended := make(chan struct{})
		go func() { all.Wait(); close(ended) }()
		most := int64(0)
		for more := true; more; {
			select {
			case <-ended:
				more = false
			default:
			}
			most = max(most, f.k.Used())
		}
		if leased := f.k.limits.leased.Load(); leased < 0 || leased > workers*(limit>>leaseShift) {
			t.Errorf("%s: %d bytes are reserved", p, leased)
		}
		// The index takes its memory by segments, which no single command can tell of.
		if used := f.k.Used(); most > limit+workers*maxSegment || used < limit*98/100 {
			t.Errorf("%s: at most %d bytes were in use, at the end %d, of %d", p, most, used, limit)
		}
		check(t, f.k)
	}
}

// maxSegment is the memory that one more key may take in the index, beside its own.
const maxSegment = 8 << 10

// TestALeaseIsNoReasonToRefuse: without eviction every byte can be used, though workers have reserved some of the last ones.
func TestALeaseIsNoReasonToRefuse(t *testing.T) {
	const limit = 4 << 20
	f := newFixture(t, 4).quiet()
	f.k.SetMaxMemory(limit)
	other := f.k.NewTxn()
	if !f.spend(other, "other") || other.lease <= 0 {
		t.Fatal("no lease was taken")
	}
	n := 0
	for f.spend(f.tx, name(n)) {
		n++
	}
	if left := limit - f.k.Used() - other.leased; left > 200 {
		t.Errorf("refused with %d bytes left", left)
	}
	if !f.spend(other, "another") {
		t.Error("what was reserved is refused")
	}
	if f.k.Used() > limit || f.tx.leased != 0 || f.counts().Evicted != 0 {
		t.Errorf("%d bytes in use, %d reserved, %d keys evicted", f.k.Used(), f.tx.leased, f.counts().Evicted)
	}
}

// TestALeaseEndsWithALoweredLimit: what was reserved under the old one counts under the new one.
func TestALeaseEndsWithALoweredLimit(t *testing.T) {
	f := newFixture(t, 4).quiet()
	f.k.SetPolicy(eviction.AllKeysLRU)
	f.k.SetMaxMemory(64 << 20)
	for i := range 5000 {
		f.spend(f.tx, name(i))
	}
	limit := f.k.Used() / 2
	f.k.SetMaxMemory(limit)
	if !f.tx.MakeRoom(f.clock.Now(), 0, f.clock) || f.k.Used()+f.k.limits.leased.Load() > limit {
		t.Errorf("%d bytes in use and %d reserved of %d", f.k.Used(), f.k.limits.leased.Load(), limit)
	}
	for i := range 1000 {
		if f.spend(f.tx, "new:"+name(i)); f.k.Used() > limit+maxSegment {
			t.Fatalf("%d bytes in use of %d", f.k.Used(), limit)
		}
	}
}

// TestOneRoundMakesRoomForManyWrites: at the limit, the clock is read and room is made once for some fifty small writes.
func TestOneRoundMakesRoomForManyWrites(t *testing.T) {
	f := newFixture(t, 16).quiet()
	f.k.SetPolicy(eviction.AllKeysLRU)
	f.k.SetMaxMemory(40 << 20)
	n := 0
	for f.counts().Evicted == 0 {
		f.spend(f.tx, name(n))
		n++
	}
	before := f.k.EvictionLag.Count()
	for range 6000 {
		f.spend(f.tx, name(n))
		n++
	}
	if rounds := f.k.EvictionLag.Count() - before; rounds < 50 || rounds > 200 {
		t.Errorf("room was made %d times for 6000 writes", rounds)
	}
	f.clock.Advance(time.Second)
	check(t, f.k)
}
