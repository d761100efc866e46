package keyspace

import (
	"math/bits"

	"github.com/curfewkv/curfew/internal/store"
)

// DBStats are the figures of one database.
type DBStats struct {
	Keys, Volatile int
	// AvgTTLMs is the mean time left of the keys with a deadline, estimated from a sample.
	AvgTTLMs int64
}

// ttlSamples is how many keys of each shard the mean time left is estimated from.
const ttlSamples = 16

// DBStats counts the keys of each database, due ones left out of both figures as in Len. REQUIRES all shards to be locked.
func (t *Txn) DBStats() []DBStats {
	now := t.Now
	out := make([]DBStats, t.ks.dbs)
	sums := make([]ttlSum, t.ks.dbs)
	for _, s := range t.ks.shards {
		for i, d := range s.dbs {
			if d == nil {
				continue
			}
			due := 0
			if s.mayBeDue(now) {
				due = d.atLeastDue(now)
			}
			out[i].Keys += d.table.Len() - due
			out[i].Volatile += d.table.Volatile() - due
			d.sampleTTL(s, t, &sums[i])
		}
	}
	for i := range out {
		out[i].AvgTTLMs = sums[i].mean()
	}
	return out
}

// ttlSum gathers the time left of sampled keys.
type ttlSum struct{ high, low, n uint64 } // high and low: the sum in ms

func (s *ttlSum) add(ms int64) {
	var carry uint64
	s.low, carry = bits.Add64(s.low, uint64(ms), 0)
	s.high += carry
	s.n++
}

func (s *ttlSum) mean() int64 {
	if s.n == 0 {
		return 0
	}
	q, _ := bits.Div64(s.high, s.low, s.n)
	return int64(q)
}

func (d *database) sampleTTL(s *shard, t *Txn, sum *ttlSum) {
	d.table.Sample(s.rnd.Uint64(), ttlSamples, true, func(h store.Handle) {
		sum.add(Deadline(s.arena.Entry(h).Deadline()).remainingMs(t.Now))
	})
}

// NextDeadlineUnixMs is the nearest deadline of all keys as unix time in ms, a lower bound; -1 without any. REQUIRES all
// shards to be locked.
func (t *Txn) NextDeadlineUnixMs() int64 {
	left, any := int64(0), false
	for i := range t.ks.shards {
		t.ks.shards[i].announce()
		if ms, ok := t.ks.shards[i].nextDueMs(t.Now); ok && (!any || ms < left) {
			left, any = ms, true
		}
	}
	if !any {
		return -1
	}
	return t.Now.WallMs() + left
}

// Overhead is the memory of a database that holds neither keys nor values, in bytes.
type Overhead struct {
	Index     int64 // hash tables
	Deadlines int64 // places in the deadline indexes: those of the keys with a TTL
}

// deadlineBytes is what a deadline takes in an entry.
const deadlineBytes = 16

// Overheads are those of all databases. REQUIRES all shards to be locked.
func (t *Txn) Overheads() []Overhead {
	out := make([]Overhead, t.ks.dbs)
	for _, s := range t.ks.shards {
		for i, d := range s.dbs {
			if d != nil {
				out[i].Index += d.table.Bytes()
				out[i].Deadlines += deadlineBytes * int64(d.table.Volatile())
			}
		}
	}
	return out
}

// Committed is the memory of keys that may be resident, in bytes.
func (k *Keyspace) Committed() int64 {
	n := int64(0)
	for _, s := range k.shards {
		n += s.arena.Committed()
	}
	return n + k.blobs.Committed()
}

// External is what AddExternal reported, in bytes.
func (k *Keyspace) External() int64 { return k.extra.Load() }

// Unowned is the memory of large strings that no key has any more and that are still being sent, in bytes.
func (k *Keyspace) Unowned() int64 { return k.blobs.Held() }

// SampleKeys hands up to n keys of each shard's databases to fn. REQUIRES all shards to
// be locked.
func (t *Txn) SampleKeys(n int, fn func(key []byte, volatile bool)) {
	for _, s := range t.ks.shards {
		for _, d := range s.dbs {
			if d == nil {
				continue
			}
			d.table.Sample(s.rnd.Uint64(), n, false, func(h store.Handle) {
				e := s.arena.Entry(h)
				fn(e.Key(), e.HasDeadline())
			})
		}
	}
}

// DueBacklog is the number of keys that are due and still in memory. REQUIRES all shards to be locked.
func (t *Txn) DueBacklog() int {
	n := 0
	for _, s := range t.ks.shards {
		if !s.mayBeDue(t.Now) {
			continue
		}
		for _, d := range s.dbs {
			if d != nil {
				n += d.due(t.Now)
			}
		}
	}
	return n
}
