package store

import (
	"math/bits"
	"unsafe"
)

// Attributes are what few keys have: they are in a block of their own, which the
// entry names in its ext slot. So a key without any pays nothing for them.
//
// The block holds the words that are set in the order of their numbers, then a
// uint32 length for each text that is set, then the texts. Which are set is in
// the entry itself: that a key lacks an attribute is seen without a look at the
// block.

// AttrWord names an attribute that is a number.
type AttrWord uint8

const (
	AttrSlide         AttrWord = iota // ms that an access puts the deadline off to, from then on
	AttrSlideCap                      // the deadline that it is never put off beyond
	AttrGrace                         // ms for which the value may be served after its deadline
	AttrCreated                       // unix time in ms
	AttrFieldDeadline                 // the nearest deadline of a field of the value
	attrWords
)

// AttrText names an attribute that is bytes.
type AttrText uint8

const (
	AttrTags   AttrText = iota // what the key can be invalidated by
	AttrSetter                 // who set the deadline
	attrTexts
)

// AttrSet is a set of attributes.
type AttrSet uint32

// TextShift is the bit of the first text in a set; words have those from 0 on.
const TextShift = 16

// Set is the set of this attribute alone.
func (w AttrWord) Set() AttrSet { return 1 << w }

// Set is the set of this attribute alone.
func (x AttrText) Set() AttrSet { return 1 << TextShift << x }

const (
	wordSet AttrSet = 1<<attrWords - 1
	textSet AttrSet = (1<<attrTexts - 1) << TextShift
)

// below are the attributes of the same type as bit that come before it.
func (s AttrSet) below(bit AttrSet) AttrSet {
	if bit >= 1<<TextShift {
		return s & textSet & (bit - 1)
	}
	return s & wordSet & (bit - 1)
}

func (s AttrSet) count() int { return bits.OnesCount32(uint32(s)) }

// headLen is the bytes of words and lengths.
func (s AttrSet) headLen() int { return (s&wordSet).count()*8 + (s&textSet).count()*4 }

// extSlot is what the entry's block holds of its attributes.
type extSlot struct {
	block Handle // 0: none is set
	set   AttrSet
}

func (e Entry) ext() *extSlot {
	return (*extSlot)(unsafe.Add(e.p, headerLen+uintptr(*e.at(offKind)&uint8(WithDeadline))>>partsShift))
}

// Attrs is the set of the entry's attributes.
func (e Entry) Attrs() AttrSet {
	if !e.HasExt() {
		return 0
	}
	return e.ext().set
}

// attrs is a view of a block of attributes.
type attrs struct {
	p   unsafe.Pointer
	set AttrSet
}

func (a *Arena) attrsOf(x *extSlot) attrs { return attrs{a.Ptr(x.block), x.set} }

func (v attrs) word(w AttrWord) *uint64 {
	return (*uint64)(unsafe.Add(v.p, v.set.below(w.Set()).count()*8))
}

func (v attrs) textLen(x AttrText) *uint32 {
	return (*uint32)(unsafe.Add(v.p, (v.set&wordSet).count()*8+v.set.below(x.Set()).count()*4))
}

// text returns the bytes of a text that is set.
func (v attrs) text(x AttrText) []byte {
	at := v.set.headLen()
	for i := range x {
		if v.set&i.Set() != 0 {
			at += int(*v.textLen(i))
		}
	}
	return unsafe.Slice((*byte)(unsafe.Add(v.p, at)), *v.textLen(x))
}

func (v attrs) size() int {
	n := v.set.headLen()
	for x := range attrTexts {
		if v.set&x.Set() != 0 {
			n += int(*v.textLen(x))
		}
	}
	return n
}

// Word returns an attribute of an entry; false: it is not set.
func (a *Arena) Word(e Entry, w AttrWord) (uint64, bool) {
	if e.Attrs()&w.Set() == 0 {
		return 0, false
	}
	return *a.attrsOf(e.ext()).word(w), true
}

// Text returns an attribute of an entry, borrowed from its block; nil: it is not
// set.
func (a *Arena) Text(e Entry, x AttrText) []byte {
	if e.Attrs()&x.Set() == 0 {
		return nil
	}
	return a.attrsOf(e.ext()).text(x)
}

// SetWord sets an attribute. It reports false, and changes nothing, when the arena
// is exhausted. REQUIRES HasExt.
func (a *Arena) SetWord(e Entry, w AttrWord, v uint64) bool {
	if e.Attrs()&w.Set() == 0 && !a.remake(e, e.Attrs()|w.Set(), w.Set(), 0) {
		return false
	}
	*a.attrsOf(e.ext()).word(w) = v
	return true
}

// SetText sets an attribute. It reports false, and changes nothing, when the arena
// is exhausted. REQUIRES HasExt.
func (a *Arena) SetText(e Entry, x AttrText, text []byte) bool {
	if a.Text(e, x) == nil || len(a.Text(e, x)) != len(text) {
		if !a.remake(e, e.Attrs()|x.Set(), x.Set(), len(text)) {
			return false
		}
	}
	copy(a.attrsOf(e.ext()).text(x), text)
	return true
}

// remake gives the entry a block for another set of attributes. changed is one
// that is not copied; if it is a text, it has textLen bytes.
func (a *Arena) remake(e Entry, set, changed AttrSet, textLen int) bool {
	x := e.ext()
	keep := x.set & set &^ changed
	old := a.attrsOf(x)
	n := set.headLen() + textLen
	for i := range attrTexts {
		if keep&i.Set() != 0 {
			n += int(*old.textLen(i))
		}
	}
	h := a.Alloc(n)
	if h == 0 {
		return false
	}
	neu := attrs{a.Ptr(h), set}
	for i := range attrWords {
		if keep&i.Set() != 0 {
			*neu.word(i) = *old.word(i)
		}
	}
	for i := range attrTexts { // lengths first: they are the places of the texts
		switch {
		case keep&i.Set() != 0:
			*neu.textLen(i) = *old.textLen(i)
		case set&i.Set() != 0:
			*neu.textLen(i) = uint32(textLen)
		}
	}
	for i := range attrTexts {
		if keep&i.Set() != 0 {
			copy(neu.text(i), old.text(i))
		}
	}
	a.FreeAttrs(e)
	*x = extSlot{h, set}
	return true
}

// KeepAttrs clears the attributes that are not in the set. It takes no memory, so
// that it cannot fail: what is kept moves together in its block.
func (a *Arena) KeepAttrs(e Entry, keep AttrSet) {
	set := e.Attrs() & keep
	switch {
	case set == e.Attrs():
		return
	case set == 0:
		a.FreeAttrs(e)
		return
	}
	x := e.ext()
	old, neu := a.attrsOf(x), attrs{a.Ptr(x.block), set}
	// Each part moves to a lower address or stays, and in ascending order: what is
	// overwritten was moved before or goes. Lengths are read ahead of that.
	var lens [attrTexts]uint32
	var texts [attrTexts][]byte
	for i := range attrTexts {
		if set&i.Set() != 0 {
			lens[i], texts[i] = *old.textLen(i), old.text(i)
		}
	}
	for i := range attrWords {
		if set&i.Set() != 0 {
			*neu.word(i) = *old.word(i)
		}
	}
	for i := range attrTexts {
		if set&i.Set() != 0 {
			*neu.textLen(i) = lens[i]
		}
	}
	for i := range attrTexts {
		if set&i.Set() != 0 {
			copy(neu.text(i), texts[i])
		}
	}
	x.set = set
}

// CopyAttrs gives to, an entry of a, the attributes of the set that from has,
// which is one of another arena or of the same. It reports false, and leaves to
// with none, when the arena is exhausted. to's ext slot may name anything before.
// REQUIRES of to: HasExt.
func (a *Arena) CopyAttrs(to Entry, other *Arena, from Entry, keep AttrSet) bool {
	*to.ext() = extSlot{}
	set := from.Attrs() & keep
	if set == 0 {
		return true
	}
	old := other.attrsOf(from.ext())
	h := a.Alloc(old.size())
	if h == 0 {
		return false
	}
	copy(a.Bytes(h, old.size()), other.Bytes(from.ext().block, old.size()))
	*to.ext() = extSlot{h, from.ext().set}
	a.KeepAttrs(to, keep)
	return true
}

// FreeAttrs clears all attributes of an entry and frees their block.
func (a *Arena) FreeAttrs(e Entry) {
	if e.Attrs() == 0 {
		return
	}
	a.Free(e.ext().block)
	*e.ext() = extSlot{}
}

// HandAttrs gives to, an entry of the same arena, the attributes of from, which has
// none then. They are freed if to has no ext handle. What to's named before is not.
func (a *Arena) HandAttrs(from, to Entry) {
	if !to.HasExt() {
		a.FreeAttrs(from)
		return
	}
	*to.ext() = *from.ext()
	*from.ext() = extSlot{}
}

// AttrsCap is the memory of the entry's attributes.
func (a *Arena) AttrsCap(e Entry) int {
	if e.Attrs() == 0 {
		return 0
	}
	return a.Cap(e.ext().block)
}

// AttrsShouldMove is [Arena.ShouldMove] for the block of attributes.
func (a *Arena) AttrsShouldMove(e Entry) bool {
	return e.Attrs() != 0 && a.ShouldMove(e.ext().block)
}

// MoveAttrs moves the block of attributes, if there is memory.
func (a *Arena) MoveAttrs(e Entry) {
	x := e.ext()
	n := a.attrsOf(x).size()
	h := a.Alloc(n)
	if h == 0 {
		return
	}
	copy(a.Bytes(h, n), a.Bytes(x.block, n))
	a.Free(x.block)
	x.block = h
}
