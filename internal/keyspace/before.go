package keyspace

import (
	"slices"

	"github.com/curfewkv/curfew/internal/journal"
)

// Before sees what is about to change while it is still as it was: for snapshots without fork. It is called under the
// locks, and must neither mutate nor block. A change may still fail after it was announced.
type Before interface {
	// BeforeKey is called before a key that exists is changed or removed.
	BeforeKey(t *Txn, en Entry)
	// BeforeDatabase is called before a whole database is emptied or exchanged with another one.
	BeforeDatabase(t *Txn, db int)
}

// ShowBefore makes b see every change from now on. REQUIRES all shards to be locked.
func (t *Txn) ShowBefore(b Before) {
	k := t.ks
	k.befores = append(k.befores, b)
	k.journal.ShowBefore(true)
	t.wanted = k.journal.Wanted()
}

// HideBefore ends ShowBefore. REQUIRES all shards to be locked.
func (t *Txn) HideBefore(b Before) {
	k := t.ks
	k.befores = slices.DeleteFunc(k.befores, func(x Before) bool { return x == b })
	k.journal.ShowBefore(len(k.befores) > 0)
	t.wanted = k.journal.Wanted()
}

// before shows an entry that is about to be changed or removed.
func (t *Txn) before(en Entry) {
	if t.wanted&journal.BeforeWanted == 0 {
		return
	}
	for _, b := range t.ks.befores {
		b.BeforeKey(t, en)
	}
}

// beforeDatabase shows a database that is about to be emptied or exchanged.
func (t *Txn) beforeDatabase(db int) {
	if t.wanted&journal.BeforeWanted == 0 {
		return
	}
	for _, b := range t.ks.befores {
		b.BeforeDatabase(t, db)
	}
}

// Look finds a key as it is in memory, due or not. Unlike a lookup by a transaction it expires nothing, counts nothing and
// touches nothing, so that a consumer that is told of a change may look at what came of it. REQUIRES: some transaction has locked
// the key's shard, and goes on holding it while the entry is used.
func (k *Keyspace) Look(db int, key []byte) (Entry, bool) {
	hash := k.hash(key)
	s := k.shards[k.shardIndex(hash)]
	d := s.dbs[db]
	if d == nil {
		return Entry{}, false
	}
	slot, h := d.table.Find(hash, key)
	if h == 0 {
		return Entry{}, false
	}
	return Entry{s: s, d: d, db: db, hash: hash, slot: slot, h: h, e: s.arena.Entry(h)}, true
}
