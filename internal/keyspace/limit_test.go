package keyspace

import (
	"strconv"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/journal"
)

// Buffers of clients that exceed the limit by themselves do not drive the data out, for that would not help; a limit that
// somebody sets so low does.
func TestDataGivesWayToALoweredLimitOnly(t *testing.T) {
	f := newFixture(t, 4)
	f.k.SetPolicy(eviction.AllKeysLRU)
	f.do(func(tx *Txn) {
		for i := range 100 {
			if err := tx.PutString([]byte(strconv.Itoa(i)), []byte("value"), PutOptions{}, journal.Event{}); err != nil {
				t.Fatal(err)
			}
		}
	})
	left := func() (n int) {
		f.do(func(tx *Txn) { tx.Each(func(Entry) { n++ }) })
		return n
	}
	f.k.SetMaxMemory(f.k.Used() + 1<<20)
	f.k.AddExternal(8 << 20)
	if f.tx.MakeRoom(f.clock.Now(), 0, f.clock) || left() != 100 {
		t.Fatalf("buffers: %d of 100 keys are left", left())
	}
	f.k.SetMaxMemory(1)
	if f.tx.MakeRoom(f.clock.Now(), 0, f.clock) || left() != 0 {
		t.Fatalf("a lowered limit left %d keys", left())
	}
	f.do(func(tx *Txn) {
		if err := tx.PutString([]byte("late"), []byte("value"), PutOptions{}, journal.Event{}); err != nil {
			t.Fatal(err)
		}
	})
	if f.tx.MakeRoom(f.clock.Now(), 0, f.clock) || left() != 1 {
		t.Fatal("what came after the limit had been followed went too")
	}
	f.k.SetPolicy(eviction.AllKeysRandom)
	if f.tx.MakeRoom(f.clock.Now(), 0, f.clock) || left() != 0 || f.k.Lowered() {
		t.Fatal("another policy was not followed")
	}
}

// switchingClock changes the policy at its n-th look, as a client of another loop may at any time.
type switchingClock struct {
	*clock.Fake
	looks, at int
	change    func()
}

func (c *switchingClock) Mono() int64 {
	if c.looks++; c.looks == c.at {
		c.change()
	}
	return c.Fake.Mono()
}

// A command that makes room while clients are told of another policy must not go on by the old one.
func TestASwitchToNoEvictionEndsTheEvictionUnderWay(t *testing.T) {
	for _, p := range allPolicies() {
		f := newFixture(t, 4).quiet()
		f.k.SetPolicy(p)
		for i := range 4000 {
			f.set("forever:"+name(i), "v", None)
			f.set(name(i), "v", f.after(time.Hour))
		}
		f.k.SetMaxMemory(f.k.Used() / 4)
		left := 0
		c := &switchingClock{Fake: f.clock, at: 10}
		c.change = func() {
			f.k.SetPolicy(eviction.NoEviction)
			left = f.stored()
		}
		if f.tx.MakeRoom(f.clock.Now(), 0, c) || left == 0 {
			t.Errorf("%s: room was made; the clock was looked at %d times", p, c.looks)
		}
		if n := f.stored(); n != left {
			t.Errorf("%s: %d keys were evicted after the switch to noeviction", p, left-n)
		}
	}
}

// TestNoKeyGoesOnceTheSwitchIsAcknowledged, whatever other loops are in the middle of.
func TestNoKeyGoesOnceTheSwitchIsAcknowledged(t *testing.T) {
	f := newFixture(t, 4).quiet()
	for i := range 30_000 {
		f.set(name(i), "v", f.after(time.Hour))
	}
	limit := f.k.Used()
	for round := range 20 {
		p := allPolicies()[round%len(allPolicies())]
		f.k.SetPolicy(p)
		limit = limit * 39 / 40
		f.k.SetMaxMemory(limit)
		started, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			tx := f.k.NewTxn()
			close(started)
			tx.MakeRoom(f.clock.Now(), 0, f.clock)
		}()
		<-started
		for range round * 50 {
			f.counts()
		}
		f.k.SetPolicy(eviction.NoEviction)
		before := f.counts().Evicted
		<-ended
		if n := f.counts().Evicted - before; n != 0 {
			t.Errorf("%s: %d keys were evicted after the switch to noeviction", p, n)
		}
	}
}
