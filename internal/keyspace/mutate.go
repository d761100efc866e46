package keyspace

import (
	"errors"
	"math"

	"github.com/curfewkv/curfew/internal/blob"
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

// replace gives the entry a value of n bytes of a kind and a deadline; the bytes are undefined afterwards. It reuses the
// block where it fits without wasting half of it.
func (t *Txn) replace(en *Entry, kind store.Kind, n int, at Deadline, keep store.AttrSet) (store.Entry, error) {
	s, d, e := en.s, en.d, en.e
	if e.Shape()&^store.WithDeadline != 0 || n >= largeString {
		return t.replaceParts(en, kind, n, at, keep)
	}
	had := e.HasDeadline()
	if had == (at != None) {
		if e.Refit(n) || s.refit(en.h, n) {
			if had && Deadline(e.Deadline()) != at {
				s.rearm(d, en.h, e, at)
			}
			e.SetKind(kind)
			return e, nil
		}
	}
	return t.rebuild(en, kind, n, at, keep)
}

// refit gives the value of an entry another length where its block fits without wasting half of it.
func (s *shard) refit(h store.Handle, n int) bool {
	e, have := s.arena.Entry(h), s.arena.Cap(h)
	need := store.EntrySize(e.Shape(), len(e.Key()), n)
	return need <= have && need > have/2 && s.arena.SetValueLen(h, n)
}

// replaceParts is replace for an entry that has more than its block, or will have.
func (t *Txn) replaceParts(en *Entry, kind store.Kind, n int, at Deadline, keep store.AttrSet) (store.Entry, error) {
	if !en.s.reusable(en.e, n) {
		return t.rebuild(en, kind, n, at, keep)
	}
	if err := t.redate(en, at); err != nil {
		return store.Entry{}, err
	}
	t.ks.blobs.SetLen(blob.Ref(en.e.Ref()), n)
	en.e.SetKind(kind)
	en.s.arena.KeepAttrs(en.e, keep)
	return en.e, nil
}

// rebuild moves the entry to a new block of the right shape. The value bytes are undefined.
func (t *Txn) rebuild(en *Entry, kind store.Kind, n int, at Deadline, keep store.AttrSet) (store.Entry, error) {
	s, shape := en.s, shapeOf(at)
	if en.e.Attrs()&keep != 0 {
		shape |= store.WithExt
	}
	b, err := t.newBody(shape, len(en.e.Key()), n, s.returns(en.h))
	if err != nil {
		return store.Entry{}, err
	}
	h, e := s.newEntry(kind, shape, en.e.Key(), b)
	if h == 0 {
		return store.Entry{}, ErrExhausted
	}
	s.arena.KeepAttrs(en.e, keep)
	s.disposeValue(en.e)
	en.moveTo(h, e, at)
	return e, nil
}

// moveTo makes block h the entry's, with deadline at, and frees the old block alone. Attributes go along; the value was
// copied before, if it is kept, or what it is in disposed of.
func (en *Entry) moveTo(h store.Handle, e store.Entry, at Deadline) {
	e.SetAccess(en.e.Access())
	e.SetFreq(en.e.Freq())
	e.SetEpoch(en.e.Epoch())
	if en.e.HasExt() {
		en.s.arena.HandAttrs(en.e, e)
	}
	en.s.disarm(en.d, en.h, en.e)
	if at != None {
		e.SetDeadline(uint64(at))
		en.s.arm(en.d, h, at)
	}
	en.d.table.Replace(en.slot, h)
	en.s.arena.Free(en.h)
	en.h, en.e = h, e
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

// extend returns the value bytes of a string, made at least n bytes long and stored as plain bytes, to be changed. New
// bytes are zero. A growing string is given slack so that appending is amortized.
func (t *Txn) extend(en *Entry, n int) ([]byte, error) {
	if n > maxValue {
		return nil, ErrExhausted
	}
	t.holds(en.s)
	var scratch [20]byte
	old := en.String(scratch[:])
	n = max(n, len(old))
	oldLen := len(old)
	if en.s.lengthen(*en, n) {
		en.e.SetKind(store.KindStringRaw)
		b := en.s.bytes(en.e)
		clear(b[oldLen:])
		return b, nil
	}
	b, err := t.grow(en, old, n)
	if err != nil {
		return nil, err
	}
	clear(b[oldLen:])
	return b, nil
}

// grow moves the entry to a block with room for its value to grow, and copies the old value.
func (t *Txn) grow(en *Entry, old []byte, n int) ([]byte, error) {
	if n >= largeString {
		return t.growLarge(en, old, n)
	}
	s, shape := en.s, en.e.Shape()
	slack := min(n, largeString-n)
	if n <= len(old) || en.e.Kind() == store.KindStringInt || len(old) == 0 {
		slack = 0
	}
	if err := t.room(store.EntrySize(shape, len(en.e.Key()), n+slack) - s.arena.Cap(en.h)); err != nil {
		return nil, err
	}
	h, e := s.arena.NewEntry(store.KindStringRaw, shape, en.e.Key(), n+slack)
	if h == 0 {
		return nil, ErrExhausted
	}
	if slack > 0 && !s.arena.SetValueLen(h, n) {
		// The length code differs between n and n+slack; take an exact block instead.
		s.arena.Free(h)
		if h, e = s.arena.NewEntry(store.KindStringRaw, shape, en.e.Key(), n); h == 0 {
			return nil, ErrExhausted
		}
	}
	copy(e.Value(), old)
	en.moveTo(h, e, en.Deadline())
	return e.Value(), nil
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
