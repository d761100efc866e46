package keyspace

import (
	"github.com/curfewkv/curfew/internal/blob"
	"github.com/curfewkv/curfew/internal/store"
)

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
