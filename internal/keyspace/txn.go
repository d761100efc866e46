package keyspace

import (
	"fmt"
	"math/bits"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/store"
)

// Txn is the access of one command, or of one MULTI block, to the keyspace. It belongs to the goroutine that locked it
// and is reused from command to command.
//
// Every method REQUIRES the shards of the keys it is given to be locked by this transaction. MakeRoom and the slices
// (ExpireSlice, DrainSlice, DefragSlice) lock for themselves: they REQUIRE that none is.
type Txn struct {
	// Now is the instant of the command; one for a whole MULTI block.
	Now clock.Instant
	// DB is the database that keys are looked up in.
	DB int
	// Origin is the session id put into change records.
	Origin uint64
	// NoTouch leaves access clocks and counters alone (CLIENT NO-TOUCH).
	NoTouch bool

	ks      *Keyspace
	locked  uint64 // bit i: shard i is locked
	lru     uint32 // Now as an access clock
	holding bool   // the shards are held and not their mutexes locked, see HoldSet
	blocker int    // the shard that could not be locked last

	// the hash of the key last locked alone, so that its lookup does not hash again
	lastKey  *byte
	lastLen  int
	lastHash uint64
	expected expected // those of a command with several keys
	reserved int      // bytes that ReservePairs has checked and that were not put since

	wanted  journal.Reasons // what the journal's listeners want, asked for under the locks
	rec     journal.Record  // reused, so that emitting does not allocate
	effects journal.Effects // what was changed since the last commit
	digits  [20]byte        // for the numbers in effects

	undrained     uint64 // shards with parts of values that were evicted and are still to be freed, see drainEvicted
	leased, lease int64  // bytes reserved under maxmemory, and those of them that no command has taken yet: see Room
	leaseLimit    int64  // the maxmemory that they were reserved under
	hunting       *hunt
}

// NewTxn makes a transaction for a worker to reuse.
func (k *Keyspace) NewTxn() *Txn { return &Txn{ks: k} }

// Begin sets the instant, database and origin of the next command.
func (t *Txn) Begin(now clock.Instant, db int, origin uint64, noTouch bool) {
	t.Now, t.DB, t.Origin, t.NoTouch = now, db, origin, noTouch
	t.lru = accessClock(now)
	t.reserved = 0
	if t.locked != 0 { // another command of the same transaction
		t.wanted = t.ks.journal.Wanted()
	}
}

// LockKey locks the shard of one key, as LockSet does.
func (t *Txn) LockKey(key []byte) {
	for h := t.ks.hash(key); !t.TryLockHashed(key, h); {
		t.ks.holds.await(1 << t.blocker)
	}
}

// TryLockHashed locks the shard of a key whose hash is at hand; false: a long command holds it (see Blocker).
func (t *Txn) TryLockHashed(key []byte, h uint64) bool {
	i := t.ks.shardIndex(h)
	s := t.ks.shards[i]
	s.mu.Lock() // all spelled out, as each command comes here
	if t.ks.holds.set.Load()&(1<<i) != 0 {
		s.mu.Unlock()
		t.blocker = i
		return false
	}
	t.lastHash, t.lastLen, t.lastKey = h, len(key), nil
	if len(key) > 0 {
		t.lastKey = &key[0]
	}
	t.locked = 1 << i
	t.wanted = t.ks.journal.Wanted()
	return true
}

// lockShard locks one shard alone; false: a long command holds it.
func (t *Txn) lockShard(s *shard) bool {
	if !s.enter() {
		t.blocker = s.index
		return false
	}
	t.locked = 1 << s.index
	t.wanted = t.ks.journal.Wanted()
	return true
}

// ShardBit is the bit of the key's shard in a set to be given to LockSet.
func (t *Txn) ShardBit(key []byte) uint64 { return 1 << t.ks.shardIndex(t.ks.hash(key)) }

// LockSet locks the shards of a set of bits, in ascending order. It waits for long commands that hold some of them, so it is
// not for an event loop: see TryLockSet.
func (t *Txn) LockSet(set uint64) {
	for !t.TryLockSet(set) {
		t.ks.holds.await(1 << t.blocker)
	}
}

// TryLockSet locks the shards of a set of bits; false: a long command holds one of them (see Blocker), and none is locked.
func (t *Txn) TryLockSet(set uint64) bool {
	for rest := set; rest != 0; rest &= rest - 1 {
		i := bits.TrailingZeros64(rest)
		if !t.ks.shards[i].enter() {
			t.blocker = i
			t.ks.leave(set &^ rest)
			return false
		}
	}
	t.locked = set
	t.wanted = t.ks.journal.Wanted()
	return true
}

// LockAll locks every shard, as LockSet does.
func (t *Txn) LockAll() { t.LockSet(t.ks.all()) }

// Holds reports whether the shards of a set are all locked by the transaction.
func (t *Txn) Holds(set uint64) bool { return set&^t.locked == 0 }

// all is the set of all shards.
func (k *Keyspace) all() uint64 { return ^uint64(0) >> (maxShards - len(k.shards)) }

// Unlock ends the transaction and commits its effects.
func (t *Txn) Unlock() {
	t.Commit()
	if t.holding {
		t.ks.letGo(t.locked)
	} else {
		t.ks.leave(t.locked)
	}
	t.locked, t.lastKey, t.holding = 0, nil, false
	if len(t.expected.keys) > 0 {
		t.expected.forget()
	}
}

// Locked is the set of shards that the transaction has locked.
func (t *Txn) Locked() uint64 { return t.locked }

// Keyspace is the keyspace of the transaction.
func (t *Txn) Keyspace() *Keyspace { return t.ks }

// Entry is a key found by a lookup. It is valid until the next mutation in the transaction, but for Txn methods that return it anew.
type Entry struct {
	s    *shard
	d    *database
	db   int
	hash uint64
	slot store.Slot
	h    store.Handle
	e    store.Entry
}

// shard is the shard of a key's hash, which must be locked by the transaction. Off Go's heap, a shard that someone else is
// changing at the same time is a corrupted server, so a key that was not declared to the dispatcher ends it here.
func (t *Txn) shard(hash uint64) *shard {
	i := t.ks.shardIndex(hash)
	if t.locked&(1<<i) == 0 {
		panicUnlocked(i)
	}
	return t.ks.shards[i]
}

// holds checks that the transaction has locked a shard that was reached otherwise than by a key's hash.
func (t *Txn) holds(s *shard) {
	if t.locked&(1<<s.index) == 0 {
		panicUnlocked(s.index)
	}
}

func panicUnlocked(shard int) {
	panic(fmt.Sprintf("keyspace: shard %d is used by a transaction that has not locked it", shard))
}

func (t *Txn) hashOf(key []byte) uint64 {
	if len(key) == t.lastLen && t.lastKey != nil && &key[0] == t.lastKey {
		return t.lastHash
	}
	if len(t.expected.keys) > 0 {
		if h, ok := t.expectedHash(key); ok {
			return h
		}
	}
	return t.ks.hash(key)
}

// find looks key up in database db and expires it when it is due.
func (t *Txn) find(db int, key []byte) (Entry, bool) {
	hash := t.hashOf(key)
	s := t.shard(hash)
	d := s.dbs[db]
	if d == nil {
		return Entry{}, false
	}
	slot, h := d.table.Find(hash, key)
	if h == 0 {
		return Entry{}, false
	}
	en := Entry{s: s, d: d, db: db, hash: hash, slot: slot, h: h, e: s.arena.Entry(h)}
	if en.e.HasDeadline() {
		if at := Deadline(en.e.Deadline()); at.due(t.Now) {
			if !t.ks.Settings.HoldExpiry.Load() {
				t.expire(en, at)
			}
			return Entry{}, false
		}
	}
	return en, true
}

// occupant is the entry whose place a mutation takes: find, but a due entry is expired even while expiry is held, because
// two entries must not have one key.
func (t *Txn) occupant(db int, key []byte) (Entry, bool) {
	en, ok := t.find(db, key)
	if ok {
		return en, true
	}
	hash := t.hashOf(key)
	s := t.shard(hash)
	d := s.dbs[db]
	if d == nil {
		return Entry{}, false
	}
	if slot, h := d.table.Find(hash, key); h != 0 {
		e := s.arena.Entry(h)
		t.expire(Entry{s: s, d: d, db: db, hash: hash, slot: slot, h: h, e: e}, Deadline(e.Deadline()))
	}
	return Entry{}, false
}

// Read looks a key up for a command that reads its value: counts a hit or a miss and touches the access bookkeeping.
func (t *Txn) Read(key []byte) (Entry, bool) {
	en, ok := t.ReadUntouched(key)
	if ok && !t.NoTouch {
		t.touch(en)
	}
	return en, ok
}

// ReadUntouched counts a hit or a miss but leaves the access bookkeeping alone (EXISTS, TYPE, TTL). It is on the way of
// every GET, so it is not made of Inspect: an Entry that is passed on once more costs a quarter of the lookup.
func (t *Txn) ReadUntouched(key []byte) (Entry, bool) {
	en, ok := t.find(t.DB, key)
	if ok {
		en.s.counts.Hits++
		return en, true
	}
	t.shardOf(key).counts.Misses++
	t.emit(journal.Missed, journal.EventMissed, t.DB, key)
	return Entry{}, false
}

// Inspect counts a hit or a miss, and is neither an access nor an event (OBJECT).
func (t *Txn) Inspect(key []byte) (Entry, bool) {
	en, ok := t.find(t.DB, key)
	if ok {
		en.s.counts.Hits++
	} else {
		t.shardOf(key).counts.Misses++
	}
	return en, ok
}

// Write looks a key up for a command that is about to change it: touches, but counts neither hit nor miss.
func (t *Txn) Write(key []byte) (Entry, bool) {
	en, ok := t.find(t.DB, key)
	if ok && !t.NoTouch {
		t.touch(en)
	}
	return en, ok
}

// Peek looks a key up without counting or touching (MEMORY USAGE, WATCH).
func (t *Txn) Peek(key []byte) (Entry, bool) { return t.find(t.DB, key) }

// PeekIn is Peek in another database.
func (t *Txn) PeekIn(db int, key []byte) (Entry, bool) { return t.find(db, key) }

func (t *Txn) shardOf(key []byte) *shard { return t.shard(t.hashOf(key)) }

// emit appends a change record. It is the only place that does.
func (t *Txn) emit(r journal.Reason, ev journal.Event, db int, key []byte) {
	if !t.wanted.Has(r) {
		return
	}
	t.rec = journal.Record{Now: t.Now, DB: db, Key: key, Reason: r, Event: ev, Origin: t.Origin}
	t.ks.journal.Append(&t.rec)
}

// AllShards is the set of all shards, for LockSet.
func (k *Keyspace) AllShards() uint64 { return k.all() }
