package store

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

func TestEntrySizeOfTheReferenceCase(t *testing.T) {
	if got := EntrySize(0, 16, 32); got != 56 {
		t.Errorf("16-byte key, 32-byte value: %d bytes, want 56", got)
	}
	if got := EntrySize(WithDeadline, 16, 32); got != 72 {
		t.Errorf("the same with deadline: %d bytes, want 72", got)
	}
}

// shapeIf is the shape of an entry with or without a deadline.
func shapeIf(deadline bool) Shape {
	if deadline {
		return WithDeadline
	}
	return 0
}

func TestEntryKeepsItsFields(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, err := NewArena(1 << 22)
		if err != nil {
			t.Fatalf("NewArena: %v", err)
		}
		defer a.Close()
		length := rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(250, 260), rapid.IntRange(0, 70000))
		key := bytes.Repeat([]byte{'k'}, length.Draw(t, "key"))
		value := bytes.Repeat([]byte{'v'}, length.Draw(t, "value"))
		deadline := rapid.Bool().Draw(t, "deadline")
		shape := Shape(rapid.SampledFrom([]Shape{0, Indirect}).Draw(t, "indirect")) | shapeIf(deadline)
		if rapid.Bool().Draw(t, "ext") {
			shape |= WithExt
		}
		kind := Kind(rapid.IntRange(0, 15).Draw(t, "kind"))

		// Blocks are reused with old contents in them.
		dirty := a.Alloc(EntrySize(shape, len(key), len(value)))
		for i, b := 0, a.Bytes(dirty, a.Cap(dirty)); i < len(b); i++ {
			b[i] = 0xff
		}
		a.Free(dirty)

		h, e := a.NewEntry(kind, shape, key, len(value))
		if h == 0 || e != a.Entry(h) {
			t.Fatalf("NewEntry: handle %d", h)
		}
		if e.Freq() != 0 || e.Access() != 0 || e.Epoch() != 0 {
			t.Fatalf("new entry: freq %d access %d epoch %d", e.Freq(), e.Access(), e.Epoch())
		}
		if deadline && (e.Deadline() != 0 || *e.word(OffsetPrev) != 0 || *e.word(OffsetNext) != 0) {
			t.Fatalf("new entry: deadline %d links %d %d", e.Deadline(), *e.word(OffsetPrev), *e.word(OffsetNext))
		}
		copy(e.Value(), value)

		freq, access := rapid.Uint8().Draw(t, "freq"), rapid.Uint32().Draw(t, "access")
		epoch := uint8(rapid.IntRange(0, 1).Draw(t, "epoch"))
		kind2 := Kind(rapid.IntRange(0, 15).Draw(t, "kind2"))
		due := rapid.Uint64().Draw(t, "due")
		e.SetFreq(freq)
		e.SetAccess(access)
		e.SetEpoch(epoch)
		e.SetKind(kind2)
		if deadline {
			e.SetDeadline(due)
		}
		if e.Kind() != kind2 || e.Freq() != freq || e.Access() != access || e.Epoch() != epoch || e.HasDeadline() != deadline || e.Shape() != shape || e.Attrs() != 0 {
			t.Fatalf("fields do not keep apart: %d %d %d %d %v", e.Kind(), e.Freq(), e.Access(), e.Epoch(), e.HasDeadline())
		}
		if deadline && e.Deadline() != due {
			t.Fatalf("deadline %d, want %d", e.Deadline(), due)
		}
		if !bytes.Equal(e.Key(), key) || !bytes.Equal(e.Value(), value) || e.KeyLen() != len(key) || e.ValueLen() != len(value) {
			t.Fatalf("key of %d, value of %d, want %d and %d", e.KeyLen(), e.ValueLen(), len(key), len(value))
		}
		if want := EntrySize(shape, len(key), len(value)); e.Size() != want || a.Cap(h) < want {
			t.Fatalf("size %d, capacity %d, want %d", e.Size(), a.Cap(h), want)
		}
	})
}

func TestSetValueLenStaysInTheBlock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, err := NewArena(1 << 22)
		if err != nil {
			t.Fatalf("NewArena: %v", err)
		}
		defer a.Close()
		length := rapid.OneOf(rapid.IntRange(0, 70), rapid.IntRange(240, 300), rapid.IntRange(0, 70000))
		key := bytes.Repeat([]byte{'k'}, length.Draw(t, "key"))
		before, after := length.Draw(t, "before"), length.Draw(t, "after")
		deadline := rapid.Bool().Draw(t, "deadline")
		h, e := a.NewEntry(KindString, shapeIf(deadline), key, before)
		for i, v := 0, e.Value(); i < len(v); i++ {
			v[i] = byte(i)
		}
		fits := EntrySize(shapeIf(deadline), len(key), after) <= a.Cap(h) && (before >= longLen) == (after >= longLen)
		if got := a.SetValueLen(h, after); got != fits {
			t.Fatalf("SetValueLen from %d to %d with key of %d in %d: %v", before, after, len(key), a.Cap(h), got)
		}
		want := before
		if fits {
			want = after
		}
		v := e.Value()
		if len(v) != want || !bytes.Equal(e.Key(), key) {
			t.Fatalf("value of %d, want %d; key %q", len(v), want, e.Key())
		}
		for i := range min(before, want) {
			if v[i] != byte(i) {
				t.Fatalf("byte %d of the value changed", i)
			}
		}
	})
}

// TestRefitKeepsTheBlock: it says yes only where the block serves the new length, keeps what both lengths cover, and leaves
// the neighbours alone.
func TestRefitKeepsTheBlock(t *testing.T) {
	a := newArena(t, 64<<20)
	for _, keyLen := range []int{1, 16, 254, 255, 300} {
		for _, from := range []int{0, 1, 8, 100, 254, 255, 256, 1000, 1100, 40000} {
			for _, to := range []int{0, 1, 9, 101, 254, 255, 257, 999, 1101, 40001} {
				h, e := a.NewEntry(KindString, 0, make([]byte, keyLen), from)
				_, next := a.NewEntry(KindString, 0, []byte("next"), from)
				for i := range e.Value() {
					e.Value()[i] = byte(i)
				}
				if !e.Refit(to) {
					if e.ValueLen() != from || from == to && from < 30000 {
						t.Errorf("key %d: %d to %d refused, length %d", keyLen, from, to, e.ValueLen())
					}
					continue
				}
				if e.ValueLen() != to || e.KeyLen() != keyLen || e.Size() > a.Cap(h) || string(next.Key()) != "next" {
					t.Fatalf("key %d: %d to %d gives %d and key %d, size %d in a block of %d", keyLen, from, to, e.ValueLen(), e.KeyLen(), e.Size(), a.Cap(h))
				}
				for i, b := range e.Value()[:min(from, to)] {
					if b != byte(i) {
						t.Fatalf("key %d: %d to %d changed byte %d", keyLen, from, to, i)
					}
				}
			}
		}
	}
}
