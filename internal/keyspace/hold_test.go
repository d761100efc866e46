package keyspace

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/eviction"
)

// hold makes another transaction hold the shards of a set.
func (f *fixture) hold(set uint64) *Txn {
	tx := f.k.NewTxn()
	tx.Begin(f.clock.Now(), 0, 2, false)
	tx.HoldSet(set, nil)
	return tx
}

// keyIn is a key of a shard.
func (f *fixture) keyIn(shard int, prefix string) string {
	for i := 0; ; i++ {
		if key := prefix + strconv.Itoa(i); f.k.shardIndex(f.k.hash([]byte(key))) == shard {
			return key
		}
	}
}

func TestAHeldShardIsNotToBeLockedAndNobodyWaitsForIt(t *testing.T) {
	f := newFixture(t, 4)
	holder := f.hold(1 << 2)
	in, out := []byte(f.keyIn(2, "k")), []byte(f.keyIn(1, "k"))
	if f.tx.TryLockHashed(in, f.k.hash(in)) || f.tx.Blocker() != 2 {
		t.Error("the shard was locked")
	}
	if !f.tx.TryLockHashed(out, f.k.hash(out)) {
		t.Error("another shard was not locked")
	}
	f.tx.Unlock()
	if f.tx.TryLockSet(0b1111) || f.tx.Blocker() != 2 || f.tx.Locked() != 0 {
		t.Error("the shard was locked among others")
	}
	if !f.tx.TryLockSet(0b1011) { // none of them was left locked
		t.Error("the others were not locked")
	}
	f.tx.Unlock()
	if err := holder.PutString(in, []byte("v"), PutOptions{}, eventTest); err != nil {
		t.Error(err)
	}
	waited := make(chan string)
	go func() {
		v, _ := f.get(string(in)) // locks all
		waited <- v
	}()
	holder.Unlock()
	if v := <-waited; v != "v" {
		t.Errorf("%q after the shard was let go", v)
	}
	if f.k.Held() != 0 {
		t.Errorf("%b is held", f.k.Held())
	}
}

// What looks after shards in slices leaves a held one alone, and hears of its end.
func TestSlicesLeaveHeldShardsAlone(t *testing.T) {
	f := newFixture(t, 4)
	var woken []int
	f.k.wake = func(shard int) { woken = append(woken, shard) }
	f.set(f.keyIn(3, "due"), "v", f.after(time.Millisecond))
	f.set(f.keyIn(3, "x"), "v", None)
	f.in(1, func(tx *Txn) {
		if err := tx.PutString([]byte(f.keyIn(3, "y")), []byte("v"), PutOptions{}, eventTest); err != nil {
			t.Fatal(err)
		}
		tx.Flush(1, false)
	})
	f.clock.Advance(time.Second)
	woken = nil
	holder := f.hold(1 << 3)
	now := f.clock.Now()
	if _, due := f.k.NextDueMs(3, now); due {
		t.Error("a loop would wait for the deadline of a held shard, again and again")
	}
	if f.tx.ExpireSlice(3, now, time.Second, f.clock) || f.tx.DrainSlice(3, time.Second, f.clock) || f.tx.DefragSlice(3, time.Second, f.clock) ||
		f.k.ReleaseOne(3) {
		t.Error("a slice of work wants more of a held shard")
	}
	f.k.Prefetch(0, f.k.hash([]byte(f.keyIn(3, "x"))))
	f.k.PrefetchEntry(0, f.k.hash([]byte(f.keyIn(3, "x"))))
	holder.Unlock()
	if fmt.Sprint(woken) != "[3]" {
		t.Errorf("woken for %v after the shard was let go", woken)
	}
	if ms, due := f.k.NextDueMs(3, now); !due || ms != 0 {
		t.Error("nothing is due after the shard was let go")
	}
	f.tx.ExpireSlice(3, now, time.Second, f.clock)
	f.tx.DrainSlice(3, time.Second, f.clock)
	if c := f.counts(); c.ExpiredActive != 1 || c.Pending != 0 {
		t.Errorf("%+v after the shard was let go", c)
	}
}

func TestRoomIsMadeInTheShardsThatAreNotHeld(t *testing.T) {
	for _, policy := range []eviction.Policy{eviction.AllKeysLRU, eviction.VolatileTTL} {
		f := newFixture(t, 4).quiet()
		f.k.SetPolicy(policy)
		for shard := range 4 {
			f.set(f.keyIn(shard, "k"), string(make([]byte, 5000)), f.after(time.Hour+time.Duration(shard)*time.Second))
		}
		f.k.Settings.MaxMemory.Store(f.k.Used())
		holder := f.hold(0b0111)
		if !f.tx.MakeRoom(f.clock.Now(), 4000, f.clock) {
			t.Errorf("policy %v: no room, though there is a key that may go", policy)
		}
		if f.tx.MakeRoom(f.clock.Now(), 4000, f.clock) && f.k.Over(4000) > 0 {
			t.Errorf("policy %v: room, though all keys are held", policy)
		}
		holder.Unlock()
		if got := f.stored(); got != 3 {
			t.Errorf("policy %v: %d keys are left", policy, got)
		}
	}
}

// Holders and lockers of all sorts at once: each has its shards alone, and all come to an end.
func TestHoldersAndLockersExcludeEachOther(t *testing.T) {
	const shards, rounds = 4, 2000
	f := newFixture(t, shards).quiet()
	var has [shards]int // plain, so that the race detector sees two who have one shard
	var all sync.WaitGroup
	total := make([]int, 8)
	seed := rand.Uint64()
	for g := range total {
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(g)))
			tx := f.k.NewTxn()
			for range rounds {
				set := 1 + rnd.Uint64N(1<<shards-1)
				switch {
				case g < 2:
					tx.HoldSet(set, nil)
				case g < 5:
					tx.LockSet(set)
				case !tx.TryLockSet(set):
					continue
				}
				for i := range shards {
					if set>>i&1 != 0 {
						has[i]++
						total[g]++
					}
				}
				tx.Unlock()
			}
		})
	}
	all.Wait()
	sum, want := 0, 0
	for _, n := range has {
		sum += n
	}
	for _, n := range total {
		want += n
	}
	if sum != want || f.k.Held() != 0 {
		t.Errorf("seed %d: %d of %d, %b still held", seed, sum, want, f.k.Held())
	}
}
