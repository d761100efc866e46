package store

import (
	"encoding/binary"
	"unsafe"
)

// Kind is the type and encoding of an entry's value: the low 4 bits of the
// header's first byte.
type Kind uint8

const (
	KindNone      Kind = 0
	KindString    Kind = 1 // plain bytes; embstr when short, else raw
	KindStringRaw Kind = 2 // plain bytes, raw whatever the length: grown in place
	KindStringInt Kind = 3 // little-endian int64 in 1, 2, 4 or 8 bytes
	// KindFirstFree is the first kind that strings do not use.
	KindFirstFree Kind = 4
	// Kinds bounds the kinds.
	Kinds = 16
)

// Shape is what an entry's block holds beside header, key and value: bits of the
// header's first byte. It is fixed when the entry is made: an entry that is to
// have another moves to another block.
type Shape uint8

const (
	// WithExt: there is room for the handle of a block of attributes, see attr.go.
	WithExt Shape = 0x10
	// WithDeadline: there is a deadline with the links of its index.
	WithDeadline Shape = 0x20
	// Indirect: the value is a reference of RefLen bytes to what holds it, see
	// Entry.Ref. Only who made it knows what it names.
	Indirect Shape = 0x40
)

// RefLen is the length of the value of an indirect entry.
const RefLen = 8

// Offsets from the start of an entry block.
const (
	OffsetDeadline = 8  // uint64, only with has-deadline
	OffsetPrev     = 16 // uint32, only with has-deadline: link of the deadline index
	OffsetNext     = 20

	offKind   = 0
	offFreq   = 1
	offKeyLen = 2
	offValLen = 3
	offAccess = 4
	headerLen = 8

	kindMask   = 0x0f
	shapeMask  = WithExt | WithDeadline | Indirect
	epochShift = 7
	longLen    = 255 // length code: the length follows as uint32

	// parts are the flags whose parts lie between header and lengths: 16 bytes
	// for a deadline, 8 for ext. Shifted right by partsShift they are those sizes.
	parts      = uint32(WithDeadline | WithExt)
	partsShift = 1
)

// Entry is a view of an entry block. It is valid until the block is freed or
// moved; it holds no reference that the collector follows.
type Entry struct{ p unsafe.Pointer }

// Entry returns the view of the block h.
func (a *Arena) Entry(h Handle) Entry { return Entry{a.Ptr(h)} }

func (e Entry) at(off uintptr) *byte      { return (*byte)(unsafe.Add(e.p, off)) }
func (e Entry) word(off uintptr) *uint32  { return (*uint32)(unsafe.Add(e.p, off)) }
func (e Entry) dword(off uintptr) *uint64 { return (*uint64)(unsafe.Add(e.p, off)) }

func (e Entry) Kind() Kind      { return Kind(*e.at(offKind) & kindMask) }
func (e Entry) SetKind(k Kind)  { *e.at(offKind) = *e.at(offKind)&^kindMask | uint8(k)&kindMask }
func (e Entry) Epoch() uint8    { return *e.at(offKind) >> epochShift }
func (e Entry) Freq() uint8     { return *e.at(offFreq) }
func (e Entry) SetFreq(f uint8) { *e.at(offFreq) = f }

// SetEpoch stores the low bit of v.
func (e Entry) SetEpoch(v uint8) {
	*e.at(offKind) = *e.at(offKind)&(1<<epochShift-1) | v<<epochShift
}

func (e Entry) Access() uint32     { return *e.word(offAccess) }
func (e Entry) SetAccess(t uint32) { *e.word(offAccess) = t }

// Shape is what the entry was made with.
func (e Entry) Shape() Shape { return Shape(*e.at(offKind)) & shapeMask }

func (e Entry) HasDeadline() bool { return *e.at(offKind)&uint8(WithDeadline) != 0 }
func (e Entry) HasExt() bool      { return *e.at(offKind)&uint8(WithExt) != 0 }
func (e Entry) IsIndirect() bool  { return *e.at(offKind)&uint8(Indirect) != 0 }

// Ref is the reference that an indirect entry holds. REQUIRES IsIndirect.
func (e Entry) Ref() uint64 { return binary.LittleEndian.Uint64(e.Value()) }

// SetRef changes it.
func (e Entry) SetRef(ref uint64) { binary.LittleEndian.PutUint64(e.Value(), ref) }

// Deadline returns the raw deadline, bit 63 included. REQUIRES HasDeadline.
func (e Entry) Deadline() uint64 { return *e.dword(OffsetDeadline) }

// SetDeadline stores the raw deadline. REQUIRES HasDeadline.
func (e Entry) SetDeadline(d uint64) { *e.dword(OffsetDeadline) = d }

// lengthsAt is the offset behind the parts that the shape names.
func (e Entry) lengthsAt() uintptr { return headerLen + uintptr(*e.word(0)&parts>>partsShift) }

// lengths returns the offset of the key, and both lengths.
func (e Entry) lengths() (key uintptr, keyLen, valLen int) {
	key = e.lengthsAt()
	keyLen, valLen = int(*e.at(offKeyLen)), int(*e.at(offValLen))
	if keyLen == longLen {
		keyLen = int(*e.word(key))
		key += 4
	}
	if valLen == longLen {
		valLen = int(*e.word(key))
		key += 4
	}
	return key, keyLen, valLen
}

// Key returns the key's bytes in the block. The header's first word is read at
// once, and nothing is called: that keeps it within the inlining budget.
func (e Entry) Key() []byte {
	w := *(*uint32)(e.p)
	p := unsafe.Add(e.p, headerLen+w&parts>>partsShift)
	n := w >> 16 & 0xff
	if n == longLen {
		n = *(*uint32)(p)
		p = unsafe.Add(p, 4)
	}
	if w>>24 == longLen {
		p = unsafe.Add(p, 4)
	}
	return unsafe.Slice((*byte)(p), n)
}

// Value returns the value's bytes in the block.
func (e Entry) Value() []byte {
	w := *(*uint32)(e.p)
	p := unsafe.Add(e.p, headerLen+w&parts>>partsShift)
	k, n := w>>16&0xff, w>>24
	if k == longLen {
		k = *(*uint32)(p)
		p = unsafe.Add(p, 4)
	}
	if n == longLen {
		n = *(*uint32)(p)
		p = unsafe.Add(p, 4)
	}
	return unsafe.Slice((*byte)(unsafe.Add(p, k)), n)
}

func (e Entry) KeyLen() int { return len(e.Key()) }

func (e Entry) ValueLen() int { return len(e.Value()) }

// Size is what EntrySize returned for the entry; the block may be larger.
func (e Entry) Size() int {
	key, keyLen, valLen := e.lengths()
	return int(key) + keyLen + valLen
}

// EntrySize returns the bytes that an entry needs.
func EntrySize(shape Shape, keyLen, valueLen int) int {
	n := headerLen + int(uint32(shape)&parts>>partsShift) + keyLen + valueLen
	if keyLen >= longLen {
		n += 4
	}
	if valueLen >= longLen {
		n += 4
	}
	return n
}

// NewEntry allocates an entry with its key. The value's bytes are undefined, the
// rest of the header, the deadline, the links and the ext handle are zero. The
// handle is 0 when the arena is exhausted.
func (a *Arena) NewEntry(kind Kind, shape Shape, key []byte, valueLen int) (Handle, Entry) {
	h := a.Alloc(EntrySize(shape, len(key), valueLen))
	if h == 0 {
		return 0, Entry{}
	}
	e := a.Entry(h)
	*e.dword(0) = 0
	*e.at(offKind) = uint8(kind)&kindMask | uint8(shape&shapeMask)
	if shape&WithDeadline != 0 {
		*e.dword(OffsetDeadline), *e.dword(OffsetPrev) = 0, 0
	}
	if shape&WithExt != 0 {
		*e.ext() = extSlot{}
	}
	at := e.lengthsAt()
	*e.at(offKeyLen), *e.at(offValLen) = uint8(min(len(key), longLen)), uint8(min(valueLen, longLen))
	if len(key) >= longLen {
		*e.word(at) = uint32(len(key))
		at += 4
	}
	if valueLen >= longLen {
		*e.word(at) = uint32(valueLen)
		at += 4
	}
	copy(unsafe.Slice(e.at(at), len(key)), key)
	return h, e
}

// Recast makes an entry with another key and shape that holds what from does: the
// value, the access bookkeeping and the epoch; the deadline and the ext handle
// where both shapes have one. What an ext handle or a reference names is then
// named twice: the caller frees one of the blocks alone, or changes what it names.
// Whether the value is indirect must not differ. from may be of another arena.
func (a *Arena) Recast(from Entry, key []byte, shape Shape) (Handle, Entry) {
	value := from.Value()
	h, e := a.NewEntry(from.Kind(), shape, key, len(value))
	if h == 0 {
		return 0, Entry{}
	}
	copy(e.Value(), value)
	e.SetFreq(from.Freq())
	e.SetAccess(from.Access())
	e.SetEpoch(from.Epoch())
	both := shape & from.Shape()
	if both&WithDeadline != 0 {
		e.SetDeadline(from.Deadline())
	}
	if both&WithExt != 0 {
		*e.ext() = *from.ext()
	}
	return h, e
}

// Refit changes the length of the value in place if a block of the size that it has now serves the new one as well: then
// nothing but the entry is looked at, where SetValueLen needs its span. Otherwise it reports false and changes nothing.
func (e Entry) Refit(n int) bool {
	key, keyLen, valLen := e.lengths()
	before, after := int(key)+keyLen+valLen, int(key)+keyLen+n
	if max(before, after) > maxSmall || classOf(before) != classOf(after) || (valLen >= longLen) != (n >= longLen) {
		return false
	}
	if *e.at(offValLen) == longLen {
		*e.word(key - 4) = uint32(n)
	} else {
		*e.at(offValLen) = uint8(n)
	}
	return true
}

// SetValueLen changes the length of the value in place, keeping the bytes that
// both lengths cover; bytes gained are undefined. It reports false, and changes
// nothing, when the block is too small or the form of the length would change.
func (a *Arena) SetValueLen(h Handle, n int) bool {
	e := a.Entry(h)
	key, keyLen, _ := e.lengths()
	long := *e.at(offValLen) == longLen
	if long != (n >= longLen) || int(key)+keyLen+n > a.Cap(h) {
		return false
	}
	if long {
		*e.word(key - 4) = uint32(n)
	} else {
		*e.at(offValLen) = uint8(n)
	}
	return true
}
