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
	h, e := en.h, en.e
	// The same name lies in the same shard, and the block holds nothing of the database: MOVE relinks it.
	relink := s == en.s && string(dst) == string(en.Key())
	if !relink {
		if h, e = t.clone(en, s, dst); h == 0 {
			return ErrExhausted
		}
	}
	if !existed && !d.table.Insert(hash, h) {
		if !relink {
			s.arena.Free(h)
		}
		return ErrExhausted
	}
	if existed {
		s.disarm(d, there.h, there.e)
		d.table.Replace(there.slot, h)
		s.arena.Free(there.h)
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
	if !relink {
		en.s.arena.Free(en.h)
	}
	return nil
}

// clone copies an entry to a block of shard s under another name; the handle is 0 when there is no block.
func (t *Txn) clone(en Entry, s *shard, name []byte) (store.Handle, store.Entry) {
	value, at := en.e.Value(), en.Deadline()
	h, e := s.arena.NewEntry(en.e.Kind(), name, len(value), at != None)
	if h == 0 {
		return 0, store.Entry{}
	}
	copy(e.Value(), value)
	e.SetFreq(en.e.Freq())
	e.SetAccess(en.e.Access())
	if at != None {
		e.SetDeadline(uint64(at))
	}
	return h, e
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
	o := PutOptions{Deadline: en.Deadline(), Quiet: true}
	_, existed := t.find(db, dst)
	b, created, err := t.put(db, dst, en.e.Kind(), en.e.ValueLen(), o)
	if err != nil {
		return err
	}
	copy(b, en.e.Value())
	if existed {
		if to, ok := t.find(db, dst); ok {
			to.e.SetFreq(eviction.InitialFreq)
			to.e.SetAccess(t.lru)
		}
		t.arrived(db, dst, true)
	}
	t.wrote(db, dst, created, o, ev)
	t.stateCopy(en, db, dst)
	return nil
}
