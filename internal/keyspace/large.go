package keyspace

import (
	"github.com/curfewkv/curfew/internal/blob"
	"github.com/curfewkv/curfew/internal/store"
)

// largeString is the length from which on a string is kept in the keyspace's heap of large strings, and its entry refers to
// it. Below that, a copy of the bytes costs no more than the detour.
const largeString = 64 << 10

// maxSlack bounds the bytes of room that a growing string gets ahead of its need, unless it is so long that slackPart of it
// is more: then copying it once for each slack's worth of growth would not be amortized.
const (
	maxSlack  = 1 << 20
	slackPart = 8
)

// body is what an entry's block holds of a string of some length: all of it, or the reference to it.
type body struct {
	shape store.Shape // store.Indirect or nothing
	n     int         // bytes in the block
	ref   blob.Ref
}

// stringSize is the memory that a key with a string of n bytes asks for.
func stringSize(shape store.Shape, keyLen, n int) int {
	if n < largeString {
		return store.EntrySize(shape, keyLen, n)
	}
	return store.EntrySize(shape, keyLen, store.RefLen) + blob.BlockSize(n)
}

// newBody makes the memory of a string of n bytes that is outside of the entry, if it is a large one, and checks that the
// string has room with its entry, of the given shape beside the body. returned is the memory that is freed in exchange.
func (t *Txn) newBody(shape store.Shape, keyLen, n, returned int) (body, error) {
	if err := t.room(stringSize(shape, keyLen, n) - returned); err != nil {
		return body{}, err
	}
	if n < largeString {
		return body{n: n}, nil
	}
	ref, ok := t.ks.blobs.Alloc(n, 0)
	if !ok {
		return body{}, ErrExhausted
	}
	return body{store.Indirect, store.RefLen, ref}, nil
}

// newEntry makes an entry with a body of undefined bytes; the handle is 0, and the body gone, when the arena is exhausted.
func (s *shard) newEntry(kind store.Kind, shape store.Shape, key []byte, b body) (store.Handle, store.Entry) {
	h, e := s.arena.NewEntry(kind, shape|b.shape, key, b.n)
	switch {
	case b.ref == 0:
	case h == 0:
		s.ks.blobs.Disown(b.ref)
	default:
		e.SetRef(uint64(b.ref))
	}
	return h, e
}

// bytes are the bytes of a string that is not an integer.
func (s *shard) bytes(e store.Entry) []byte {
	if e.IsIndirect() {
		return s.ks.blobs.Bytes(blob.Ref(e.Ref()))
	}
	return e.Value()
}

// largeRef is the reference to an entry's large string; false: it has none.
func largeRef(e store.Entry) (blob.Ref, bool) {
	if !e.IsIndirect() || !isString(e.Kind()) {
		return 0, false
	}
	return blob.Ref(e.Ref()), true
}

// returns is the memory that is freed at once when an entry gives way to another block. What others refer to is not.
func (s *shard) returns(h store.Handle) int {
	n := s.arena.Cap(h)
	if ref, ok := largeRef(s.arena.Entry(h)); ok && s.ks.blobs.Sole(ref) {
		n += s.ks.blobs.Cap(ref)
	}
	return n
}

// reusable reports whether the block of an entry's large string serves for one of n bytes: nobody else refers to it, and it
// is large enough, and not twice so.
func (s *shard) reusable(e store.Entry, n int) bool {
	ref, ok := largeRef(e)
	if !ok || n < largeString {
		return false
	}
	heap, need := s.ks.blobs, blob.BlockSize(n)
	return heap.Sole(ref) && need <= heap.Cap(ref) && need > heap.Cap(ref)/2
}

// lengthen makes a string n bytes long where it is, if there is room and nobody else refers to it; bytes gained are
// undefined. It is not made shorter.
func (s *shard) lengthen(en Entry, n int) bool {
	switch {
	case en.e.Kind() == store.KindStringInt:
		return false
	case en.e.IsIndirect():
		ref := blob.Ref(en.e.Ref())
		return s.ks.blobs.Sole(ref) && s.ks.blobs.SetLen(ref, n)
	}
	return n < largeString && s.arena.SetValueLen(en.h, n)
}

// growLarge moves a string, whose bytes are old, to a block of its own with n bytes and, if it grows, room for more. It is
// how a large string grows out of its block, or out of its entry, and how one that others refer to is written to.
func (t *Txn) growLarge(en *Entry, old []byte, n int) ([]byte, error) {
	s, heap, slack := en.s, t.ks.blobs, 0
	if n > len(old) && len(old) > 0 {
		slack = min(max(min(n, maxSlack), len(old)/slackPart), maxValue-n)
	}
	if err := t.room(blob.BlockSize(n+slack) - s.returns(en.h)); err != nil {
		return nil, err
	}
	ref, ok := heap.Alloc(n, slack)
	if !ok {
		return nil, ErrExhausted
	}
	copy(heap.Bytes(ref), old)
	if en.e.IsIndirect() {
		s.disposeValue(en.e)
		en.e.SetRef(uint64(ref))
		en.e.SetKind(store.KindStringRaw)
		return heap.Bytes(ref), nil
	}
	h, e := s.newEntry(store.KindStringRaw, en.e.Shape(), en.e.Key(), body{store.Indirect, store.RefLen, ref})
	if h == 0 {
		return nil, ErrExhausted
	}
	en.moveTo(h, e, en.Deadline())
	return heap.Bytes(ref), nil
}

// Share gives the bytes of a large string from one place to another as a reference, which stays valid, and the bytes what
// they are, whatever becomes of the key. Its Release may be called by any goroutine. false: the string is not a large one,
// its bytes are to be copied.
func (en Entry) Share(from, to int) (*blob.Reading, bool) {
	ref, ok := largeRef(en.e)
	if !ok {
		return nil, false
	}
	return en.s.ks.blobs.Read(ref, from, to), true
}
