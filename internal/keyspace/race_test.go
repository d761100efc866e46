package keyspace

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/eviction"
)

// Many goroutines on few shards do everything that workers do, under a limit that keeps eviction busy. The race detector
// looks at the memory outside the heap as little as it does at C's, so what counts is the check at the end; it watches the
// rest.
func TestManyGoroutinesOnFewShards(t *testing.T) {
	const workers, rounds = 8, 3000
	f := newFixture(t, 4).quiet()
	f.k.SetPolicy(eviction.AllKeysLRU)
	f.k.Settings.MaxMemory.Store(150_000)
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			w := newWorker(f, uint64(worker))
			for range rounds {
				w.round()
			}
		})
	}
	all.Wait()
	check(t, f.k)
	if f.stored() == 0 {
		t.Error("nothing is left: the limit was too low for the test to mean something")
	}
	c := f.counts()
	if c.Evicted == 0 || c.ExpiredActive+c.ExpiredLazy == 0 || c.EvictedExpiredPresent != 0 {
		t.Errorf("counts %+v", c)
	}
	f.k.Settings.MaxMemory.Store(0)
	for db := range f.k.dbs {
		f.in(db, func(tx *Txn) { tx.Flush(db, true) })
	}
	for shard := range f.k.shards {
		for f.tx.DrainSlice(shard, time.Second, f.clock) {
		}
	}
	if f.k.Used() != 0 {
		t.Errorf("%d bytes are in use without keys", f.k.Used())
	}
}

// worker is one goroutine of the test.
type worker struct {
	f   *fixture
	tx  *Txn
	rnd *rand.Rand
}

func newWorker(f *fixture, seed uint64) *worker {
	return &worker{f: f, tx: f.k.NewTxn(), rnd: rand.New(rand.NewPCG(seed, 9))}
}

func (w *worker) key() []byte { return []byte(name(w.rnd.IntN(3000))) }

func (w *worker) deadline() Deadline {
	switch ms := int64(w.rnd.IntN(5000)); w.rnd.IntN(3) {
	case 0:
		return w.tx.After(ms)
	case 1:
		return w.tx.At(w.tx.Now.WallMs() + ms)
	}
	return None
}

// round is one command or one piece of a loop's own work.
func (w *worker) round() {
	now, c := w.f.clock.Now(), w.f.clock
	shard := w.rnd.IntN(len(w.f.k.shards))
	w.tx.Begin(now, w.rnd.IntN(2), 0, false)
	switch n := w.rnd.IntN(100); {
	case n < 60:
		w.command(n)
	case n < 70:
		w.tx.ExpireSlice(shard, now, 100*time.Microsecond, c)
	case n < 75:
		w.tx.DrainSlice(shard, 100*time.Microsecond, c)
	case n < 80:
		w.tx.DefragSlice(shard, 100*time.Microsecond, c)
	case n < 83:
		w.f.k.ReleaseOne(shard)
	case n < 86:
		c.Advance(time.Duration(w.rnd.IntN(15)) * time.Millisecond)
	case n < 88:
		c.StepWall(time.Duration(w.rnd.IntN(2000)-1000) * time.Millisecond)
	case n < 90:
		w.f.k.SetPolicy(eviction.Policy(1 + w.rnd.IntN(int(eviction.VolatileTTL))))
	default:
		w.whole(n)
	}
}

// command works on one or two keys.
func (w *worker) command(n int) {
	w.tx.MakeRoom(w.tx.Now, 200, w.f.clock)
	key, dst := w.key(), w.key()
	db := w.rnd.IntN(2)
	w.tx.Begin(w.f.clock.Now(), db, 0, false)
	w.tx.LockSet(w.tx.ShardBit(key) | w.tx.ShardBit(dst))
	defer w.tx.Unlock()
	en, ok := w.tx.Write(key)
	switch {
	case n < 30 || !ok:
		_ = w.tx.PutString(key, make([]byte, w.rnd.IntN(400)), PutOptions{Deadline: w.deadline()}, eventTest)
	case n < 35:
		w.tx.Delete(en, eventTest)
	case n < 40:
		_, _ = w.tx.SetDeadline(en, w.deadline(), eventTest)
	case n < 45:
		_ = w.tx.Append(en, make([]byte, w.rnd.IntN(100)), eventTest)
	case n < 50 && string(key) != string(dst):
		_ = w.tx.CopyTo(en, db, dst, eventTest)
	case n < 55 && string(key) != string(dst):
		_ = w.tx.Move(en, db, dst, eventTest, eventTest)
	default:
		_ = w.tx.Move(en, 1-db, key, eventTest, eventTest)
	}
}

// whole works on the whole keyspace.
func (w *worker) whole(n int) {
	w.tx.LockAll()
	defer w.tx.Unlock()
	switch {
	case n == 90 && w.rnd.IntN(50) == 0:
		w.tx.Flush(w.tx.DB, w.rnd.IntN(2) == 0)
	case n == 91:
		w.tx.Swap(0, 1)
	case n < 94:
		w.tx.Scan(w.rnd.Uint64(), 10, func(Entry) {})
	case n < 96:
		w.tx.Random(w.rnd.Uint64())
	case n < 98:
		w.tx.DBStats()
		w.tx.DueBacklog()
		w.tx.NextDeadlineUnixMs()
	case n < 99: // what DefragSlice does, which finds too little here to begin with
		en, ok := w.tx.Random(w.rnd.Uint64())
		if ok {
			en.s.relocate(en.d, en.h)
		}
	default:
		w.tx.Counts()
		w.tx.SampleKeys(4, func([]byte, bool) {})
	}
}
