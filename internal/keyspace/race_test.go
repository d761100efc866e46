package keyspace

import (
	"hash/crc32"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/curfewkv/curfew/internal/blob"
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
	f.checkMixed(t)
}

// The same with large strings, which readers on other goroutines hold and give up meanwhile.
func TestLargeStringsOnManyGoroutines(t *testing.T) {
	const workers, readers, rounds = 4, 3, 1500
	f := newFixture(t, 4).quiet()
	f.k.SetPolicy(eviction.AllKeysLRU)
	f.k.Settings.MaxMemory.Store(20 << 20)
	reads := make(chan sumRead, 50)
	var working, reading sync.WaitGroup
	for worker := range workers {
		working.Go(func() {
			w := newWorker(f, uint64(worker))
			w.length = func() int { return 1 + w.rnd.IntN(3*largeString) }
			w.keys, w.reads = 300, reads
			for range rounds {
				w.round()
			}
		})
	}
	for range readers {
		reading.Go(func() {
			for r := range reads {
				if crc32.ChecksumIEEE(r.Bytes()) != r.sum {
					t.Error("the bytes changed under a reader")
				}
				r.Release()
			}
		})
	}
	working.Wait()
	close(reads)
	reading.Wait()
	f.checkMixed(t)
}

// sumRead is a reference to a large string, and the checksum of what it must read.
type sumRead struct {
	*blob.Reading
	sum uint32
}

// checkMixed checks what is left when all goroutines are done, removes it, and checks that nothing leaked.
func (f *fixture) checkMixed(t *testing.T) {
	t.Helper()
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
	f      *fixture
	tx     *Txn
	rnd    *rand.Rand
	keys   int
	length func() int   // of a value
	reads  chan sumRead // nil: nobody reads
}

func newWorker(f *fixture, seed uint64) *worker {
	w := &worker{f: f, tx: f.k.NewTxn(), rnd: rand.New(rand.NewPCG(seed, 9)), keys: 3000}
	w.length = func() int { return w.rnd.IntN(400) }
	return w
}

func (w *worker) key() []byte { return []byte(name(w.rnd.IntN(w.keys))) }

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
	w.prefetch()
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
		w.f.k.ReleaseOneShared()
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

// prefetch asks for keys, as batches do, while others change their tables.
func (w *worker) prefetch() {
	for range w.rnd.IntN(8) {
		db, hash := w.rnd.IntN(2), w.f.k.Hash(w.key())
		w.f.k.Prefetch(db, hash)
		w.f.k.PrefetchEntry(db, hash)
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
	if ok && w.reads != nil {
		w.share(en)
	}
	switch {
	case n < 30 || !ok:
		_ = w.tx.PutString(key, make([]byte, w.length()), PutOptions{Deadline: w.deadline()}, eventTest)
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

// share hands a reference to the entry's string to the readers, if they keep up.
func (w *worker) share(en Entry) {
	r, ok := en.Share(0, en.StringLen())
	if !ok {
		return
	}
	select {
	case w.reads <- sumRead{r, crc32.ChecksumIEEE(r.Bytes())}:
	default:
		r.Release()
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
