package keyspace

import (
	"errors"
	"math"

	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/store"
	"github.com/curfewkv/curfew/resp/number"
)

// ErrExhausted is returned when a shard's address space holds no block of the size that is needed.
var ErrExhausted = errors.New("out of address space for keys")

// NeedRoom is returned by a mutation whose block would lead past maxmemory although the command's arguments did not
// tell so. Nothing was changed: the caller unlocks, makes room for Bytes and runs the command again, or refuses it.
type NeedRoom struct{ Bytes int64 }

func (e *NeedRoom) Error() string { return "no room under maxmemory" }

// roomCheck is the block size from which an allocation checks maxmemory itself. Smaller ones stay within the bound that
// the check before each command leaves.
const roomCheck = 256 << 10

// maxValue is the longest value: an entry keeps its length in 4 bytes.
const maxValue = math.MaxUint32

// PutOptions say what becomes of the deadline of a key that is put.
type PutOptions struct {
	// Deadline is armed when it is not None.
	Deadline Deadline
	// KeepTTL keeps the deadline of the key that is replaced.
	KeepTTL bool
	// Quiet suppresses the "expire" event that follows the write when a deadline is set.
	Quiet bool
}

// PutString sets key to a string, whatever it held. Values that are integers in canonical form are stored as such.
func (t *Txn) PutString(key, value []byte, o PutOptions, ev journal.Event) error {
	if len(value) <= 20 {
		if n, ok := number.ParseInt64(value); ok {
			return t.PutInt(key, n, o, ev)
		}
	}
	return t.PutText(key, value, o, ev)
}

// PutInt sets key to an integer, whatever it held.
func (t *Txn) PutInt(key []byte, n int64, o PutOptions, ev journal.Event) error {
	b, created, err := t.put(t.DB, key, store.KindStringInt, intSize(n), o)
	if err != nil {
		return err
	}
	encodeInt(b, n)
	if t.wanted != 0 {
		t.wrote(t.DB, key, created, o, ev)
		t.stateValue(t.DB, key)
	}
	return nil
}

// PutText sets key to a string that is stored as plain bytes even where it is an integer in canonical form.
func (t *Txn) PutText(key, value []byte, o PutOptions, ev journal.Event) error {
	b, created, err := t.put(t.DB, key, store.KindString, len(value), o)
	if err != nil {
		return err
	}
	copy(b, value)
	if t.wanted != 0 {
		t.wrote(t.DB, key, created, o, ev)
		t.stateValue(t.DB, key)
	}
	return nil
}

// PutAt sets an absent key to offset zero bytes and then value (SETRANGE, SETBIT).
func (t *Txn) PutAt(key []byte, offset int, value []byte, ev journal.Event) error {
	b, created, err := t.put(t.DB, key, store.KindStringRaw, offset+len(value), PutOptions{})
	if err != nil {
		return err
	}
	clear(b[:offset])
	copy(b[offset:], value)
	t.wrote(t.DB, key, created, PutOptions{}, ev)
	t.stateRange(t.DB, key, offset, value)
	return nil
}

// wrote emits the records of a put, after the value is in place.
func (t *Txn) wrote(db int, key []byte, created bool, o PutOptions, ev journal.Event) {
	if created {
		t.emit(journal.Created, journal.EventNew, db, key)
	}
	t.emit(journal.Write, ev, db, key)
	if o.Deadline != None && !o.Quiet {
		t.emit(journal.Touched, journal.EventExpire, db, key)
	}
}

// put makes the block of key in database db and returns its value bytes to be filled in, and whether the key is new. A
// block that fits is reused.
func (t *Txn) put(db int, key []byte, kind store.Kind, n int, o PutOptions) (value []byte, created bool, err error) {
	if n > maxValue {
		return nil, false, ErrExhausted
	}
	hash := t.hashOf(key)
	s := t.shard(hash)
	d := s.db(db)
	slot, h := d.table.Find(hash, key)
	if h == 0 {
		value, err = t.insert(s, d, hash, key, kind, n, o)
		return value, true, err
	}
	en := Entry{s: s, d: d, db: db, hash: hash, slot: slot, h: h, e: s.arena.Entry(h)}
	old := en.Deadline()
	if due(old, t.Now) {
		t.expire(en, old)
		value, err = t.insert(s, d, hash, key, kind, n, o)
		return value, true, err
	}
	t.before(en)
	at := o.Deadline
	if o.KeepTTL {
		at = old
	}
	freq := en.e.Freq()
	e, err := t.replace(&en, kind, n, at, attrsKept(o.KeepTTL))
	if err != nil {
		return nil, false, err
	}
	s.counts.Dirty++
	e.SetFreq(freq)
	if !t.NoTouch {
		t.touch(en)
	}
	return s.bytes(e), false, nil
}

// insert adds a key that is known to be absent.
func (t *Txn) insert(s *shard, d *database, hash uint64, key []byte, kind store.Kind, n int, o PutOptions) ([]byte, error) {
	shape := shapeOf(o.Deadline)
	b, err := t.newBody(shape, len(key), n, 0)
	if err != nil {
		return nil, err
	}
	h, e := s.newEntry(kind, shape, key, b)
	if h == 0 {
		return nil, ErrExhausted
	}
	e.SetAccess(t.lru)
	e.SetFreq(eviction.InitialFreq)
	if o.Deadline != None {
		e.SetDeadline(uint64(o.Deadline))
	}
	if !d.table.Insert(hash, h) {
		s.dispose(h)
		return nil, ErrExhausted
	}
	if o.Deadline != None {
		s.arm(d, h, o.Deadline)
	}
	s.counts.Dirty++
	return s.bytes(e), nil
}

// room refuses a large block that would lead past maxmemory.
func (t *Txn) room(n int) error {
	if n < roomCheck {
		return nil
	}
	if n <= t.reserved {
		t.reserved -= n
		return nil
	}
	if limit := t.ks.Settings.MaxMemory.Load(); limit > 0 && t.ks.Used()+int64(n) > limit {
		return &NeedRoom{Bytes: int64(n)}
	}
	return nil
}

// ReservePairs checks at once that keys and values in turn fit under maxmemory, so that a command that puts several of
// them is refused before the first or not at all (MSET, MSETNX).
func (t *Txn) ReservePairs(pairs [][]byte) error {
	sum := 0
	for i := 0; i+1 < len(pairs); i += 2 {
		if n := stringSize(0, len(pairs[i]), len(pairs[i+1])); n >= roomCheck {
			sum += n
		}
	}
	t.reserved = 0
	if err := t.room(sum); err != nil {
		return err
	}
	t.reserved = sum
	return nil
}

// SetDeadline arms the entry's deadline, or clears it with None. Reports the entry at its new place.
func (t *Txn) SetDeadline(en Entry, at Deadline, ev journal.Event) (Entry, error) {
	s := en.s
	t.holds(s)
	t.before(en)
	if err := t.redate(&en, at); err != nil {
		return en, err
	}
	s.counts.Dirty++
	if t.wanted != 0 {
		t.emit(journal.Touched, ev, en.db, en.e.Key())
		t.stateDeadline(en)
	}
	return en, nil
}

// redate gives an entry another deadline, or none. What is large of it stays where it is.
func (t *Txn) redate(en *Entry, at Deadline) error {
	s := en.s
	if en.e.HasDeadline() == (at != None) {
		if at != None && Deadline(en.e.Deadline()) != at {
			s.rearm(en.d, en.h, en.e, at)
		}
		return nil
	}
	h, e := s.arena.Recast(en.e, en.e.Key(), en.e.Shape()^store.WithDeadline)
	if h == 0 {
		return ErrExhausted
	}
	en.moveTo(h, e, at)
	return nil
}

// Delete removes a key because a user asked for it.
func (t *Txn) Delete(en Entry, ev journal.Event) { t.remove(en, journal.Deleted, ev) }

// remove unlinks an entry, emits the record while its key bytes are still there, and frees it with all that belongs to it.
func (t *Txn) remove(en Entry, r journal.Reason, ev journal.Event) {
	s := en.s
	t.holds(s)
	t.before(en)
	s.disarm(en.d, en.h, en.e)
	en.d.table.Delete(en.slot)
	s.counts.Dirty++
	if t.wanted != 0 {
		t.emit(r, ev, en.db, en.e.Key())
		t.stateRemoval(r, en.db, en.e.Key())
	}
	s.dispose(en.h)
}

// expire removes a due entry that a lookup came upon.
func (t *Txn) expire(en Entry, at Deadline) {
	en.s.counts.ExpiredLazy++
	t.ks.LazyLag.Record(lagNs(at, t.Now))
	t.remove(en, journal.Expired, journal.EventExpired)
}
