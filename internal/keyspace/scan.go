package keyspace

import (
	"math/bits"

	"github.com/curfewkv/curfew/internal/store"
)

// tableCursorBits is how many bits of a SCAN cursor the table's own cursor takes; the shard is above them.
const tableCursorBits = 48

// maxScanCount bounds the count of one call, far above any table; ten times it fits an int.
const maxScanCount = 1 << 40

// Scan hands keys of the transaction's database to fn, at least one bucket and about count of them, and returns the
// cursor to go on from, 0 at the end. Due keys are left out. A key that is there from the first call to the last is
// handed out at least once, whatever grows or shrinks meanwhile. REQUIRES all shards to be locked.
//
// fn must not mutate.
func (t *Txn) Scan(cursor uint64, count int, fn func(Entry)) uint64 {
	shard := int(cursor >> tableCursorBits)
	cursor &= 1<<tableCursorBits - 1
	count = min(count, maxScanCount)
	for n, steps := 0, 0; shard < len(t.ks.shards); {
		s := t.ks.shards[shard]
		t.holds(s)
		if d := s.dbs[t.DB]; d != nil && d.table.Len() > 0 {
			cursor = d.table.Scan(cursor, func(h store.Handle) {
				n++
				if en := t.visible(s, d, h); en.h != 0 {
					fn(en)
				}
			})
		} else {
			cursor = 0
		}
		if cursor == 0 {
			shard++
		}
		// Empty buckets count too, ten to one, so that a sparse table cannot hold the locks for long.
		if steps++; n >= count || steps >= 10*max(count, 10) {
			break
		}
	}
	if shard >= len(t.ks.shards) { // beyond the last one: a cursor that was made up
		return 0
	}
	return uint64(shard)<<tableCursorBits | cursor
}

// visible is the entry of a handle, or the zero Entry when it is due.
func (t *Txn) visible(s *shard, d *database, h store.Handle) Entry {
	en := Entry{s: s, d: d, db: t.DB, h: h, e: s.arena.Entry(h)}
	if due(en.Deadline(), t.Now) {
		return Entry{}
	}
	return en
}

// Each hands every key of the transaction's database that is not due to fn. REQUIRES all shards to be locked. fn must not mutate.
func (t *Txn) Each(fn func(Entry)) {
	for cursor := uint64(0); ; {
		if cursor = t.Scan(cursor, 1<<30, fn); cursor == 0 {
			return
		}
	}
}

// randomTries bounds the draws that hit due keys, before the table is walked for one that is not.
const randomTries = 64

// Random returns a key of the transaction's database, each with about the same chance. REQUIRES all shards to be locked.
func (t *Txn) Random(rnd uint64) (Entry, bool) {
	for range randomTries {
		total := t.length()
		if total == 0 {
			return Entry{}, false
		}
		hi, _ := bits.Mul64(rnd, uint64(total))
		at := int(hi)
		rnd = rnd*6364136223846793005 + 1442695040888963407
		for _, s := range t.ks.shards {
			d := s.dbs[t.DB]
			if d == nil {
				continue
			}
			if at >= d.table.Len() {
				at -= d.table.Len()
				continue
			}
			if en, ok := t.randomIn(s, d, rnd); ok {
				return en, true
			}
			break
		}
	}
	return t.anyVisible(rnd)
}

// anyVisible is the first key that is not due, from a random place on.
func (t *Txn) anyVisible(rnd uint64) (Entry, bool) {
	var found []byte
	from := rnd >> (64 - tableCursorBits)
	for i := range 2 * len(t.ks.shards) { // twice, because the first shard is begun in its middle
		s := t.ks.shards[(int(rnd)&(maxShards-1)+i)%len(t.ks.shards)]
		d := s.dbs[t.DB]
		for more := d != nil; more && found == nil; more = from != 0 {
			from = d.table.Scan(from, func(h store.Handle) {
				if en := t.visible(s, d, h); en.h != 0 {
					found = en.Key()
				}
			})
		}
		if from = 0; found != nil {
			return t.find(t.DB, found)
		}
	}
	return Entry{}, false
}

// randomIn draws from one shard; a due key that it draws is expired.
func (t *Txn) randomIn(s *shard, d *database, rnd uint64) (Entry, bool) {
	var h store.Handle
	d.table.Sample(rnd, 1, false, func(x store.Handle) { h = x })
	if h == 0 {
		return Entry{}, false
	}
	return t.find(t.DB, s.arena.Entry(h).Key())
}

func (t *Txn) length() int {
	n := 0
	for _, s := range t.ks.shards {
		if d := s.dbs[t.DB]; d != nil {
			n += d.table.Len()
		}
	}
	return n
}

// Stored is the number of entries of the databases from one to before another, due ones included. REQUIRES all shards to be
// locked.
func (t *Txn) Stored(from, to int) int {
	n := 0
	for _, s := range t.ks.shards {
		t.holds(s)
		for _, d := range s.dbs[from:to] {
			if d != nil {
				n += d.table.Len()
			}
		}
	}
	return n
}

// Len is the number of keys of the transaction's database. Due ones that are still in memory are left out where they can be
// told cheaply. REQUIRES all shards to be locked.
func (t *Txn) Len() int {
	n := 0
	for _, s := range t.ks.shards {
		if d := s.dbs[t.DB]; d != nil {
			n += d.table.Len()
			if s.mayBeDue(t.Now) {
				n -= d.atLeastDue(t.Now)
			}
		}
	}
	return n
}
