package keyspace

import (
	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/store"
)

// Move gives the value, the deadline and the access bookkeeping of an entry to dst in database db, replacing what is
// there, and removes the entry (RENAME, MOVE). from names the departure, to the arrival. It checks no memory limit: what
// it takes for dst it gives back at once. The entry may have been looked up before dst was.
func (t *Txn) Move(en Entry, db int, dst []byte, from, to journal.Event) error {
	t.holds(en.s)
	there, existed := t.occupant(db, dst)
	t.before(en)
	if existed {
		t.before(there)
	}
	hash := t.hashOf(dst)
	s := t.shard(hash)
	d := s.db(db)
	// The same name lies in the same shard, and the block holds nothing of the database: MOVE relinks it. Under another name
	// of the same shard, what belongs to the block goes along.
	h, e, how := en.h, en.e, relinked
	switch {
	case s != en.s:
		how = cloned
		h, e = en.clone(s, dst, attrsAll)
	case string(dst) != string(en.Key()):
		how = recast
		h, e = s.arena.Recast(en.e, dst, en.e.Shape())
	}
	if h == 0 {
		return ErrExhausted
	}
	if !existed && !d.table.Insert(hash, h) {
		how.free(s, h)
		return ErrExhausted
	}
	if existed {
		s.disarm(d, there.h, there.e)
		d.table.Replace(there.slot, h)
		s.dispose(there.h)
	}
	en.s.disarm(en.d, en.h, en.e)
	if e.HasDeadline() {
		s.arm(d, h, Deadline(e.Deadline()))
	}
	// Looking dst up and inserting it may have moved the slots of the entry's table.
	slot, _ := en.d.table.FindHandle(en.hash, en.h)
	en.d.table.Delete(slot)
	s.counts.Dirty++
	t.arrived(db, dst, existed)
	t.emit(journal.Moved, from, en.db, en.e.Key())
	t.emit(journal.Write, to, db, dst)
	t.stateMove(en, s, db, dst)
	how.free(en.s, en.h)
	return nil
}

// way is how a block comes to another name.
type way uint8

const (
	relinked way = iota // it is the same block
	recast              // another block refers to what belonged to it
	cloned              // another block, with parts of its own
)

// free frees one of the two blocks, the one that is not wanted, with what is its own.
func (w way) free(s *shard, h store.Handle) {
	switch w {
	case recast:
		s.arena.Free(h)
	case cloned:
		s.dispose(h)
	}
}

// arrived emits what precedes the Write record of a key that another key's value was given to. As in Redis the key is new
// to notifications even when it took the place of one that existed; that one's removal is not an event of its own.
func (t *Txn) arrived(db int, dst []byte, existed bool) {
	if existed {
		t.emit(journal.Deleted, journal.Event{}, db, dst)
	}
	t.emit(journal.Created, journal.EventNew, db, dst)
}

// CopyTo gives dst in database db the value and the deadline of an entry, replacing what is there (COPY). The copy starts
// with fresh access bookkeeping. The source's slot may have moved when it returns: look it up again.
func (t *Txn) CopyTo(en Entry, db int, dst []byte, ev journal.Event) error {
	t.holds(en.s)
	there, existed := t.occupant(db, dst)
	if existed {
		t.before(there)
	}
	hash := t.hashOf(dst)
	s := t.shard(hash)
	d := s.db(db)
	if err := t.room(store.EntrySize(en.e.Shape(), len(dst), en.e.ValueLen())); err != nil {
		return err
	}
	h, e := en.clone(s, dst, attrsCopied)
	if h == 0 {
		return ErrExhausted
	}
	if !existed && !d.table.Insert(hash, h) {
		s.dispose(h)
		return ErrExhausted
	}
	if existed {
		s.disarm(d, there.h, there.e)
		d.table.Replace(there.slot, h)
		s.dispose(there.h)
	}
	e.SetFreq(eviction.InitialFreq)
	e.SetAccess(t.lru)
	if e.HasDeadline() {
		s.arm(d, h, Deadline(e.Deadline()))
	}
	s.counts.Dirty++
	t.arrived(db, dst, existed)
	t.emit(journal.Write, ev, db, dst)
	t.stateCopy(en, db, dst)
	return nil
}
