package store

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// modelAttrs are the attributes of one entry as a map would hold them.
type modelAttrs struct {
	words map[AttrWord]uint64
	texts map[AttrText]string
}

func (m *modelAttrs) set() (s AttrSet) {
	for w := range m.words {
		s |= w.Set()
	}
	for x := range m.texts {
		s |= x.Set()
	}
	return s
}

func (m *modelAttrs) keep(keep AttrSet) modelAttrs {
	out := modelAttrs{map[AttrWord]uint64{}, map[AttrText]string{}}
	for w, v := range m.words {
		if keep&w.Set() != 0 {
			out.words[w] = v
		}
	}
	for x, v := range m.texts {
		if keep&x.Set() != 0 {
			out.texts[x] = v
		}
	}
	return out
}

func (m *modelAttrs) compare(t *rapid.T, a *Arena, e Entry) {
	t.Helper()
	if e.Attrs() != m.set() {
		t.Fatalf("attributes %b are set, want %b", e.Attrs(), m.set())
	}
	for w := range attrWords {
		v, ok := a.Word(e, w)
		if want, there := m.words[w]; ok != there || v != want {
			t.Fatalf("word %d: %d, %v; want %d, %v", w, v, ok, want, there)
		}
	}
	for x := range attrTexts {
		v := a.Text(e, x)
		if want, there := m.texts[x]; (v != nil) != there || string(v) != want {
			t.Fatalf("text %d: %q, want %q, %v", x, v, want, there)
		}
	}
}

func TestAttributesAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		arenas := [2]*Arena{}
		for i := range arenas {
			a, err := NewArena(1 << 22)
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			arenas[i] = a
		}
		at := 0 // the arena of the entry
		h, e := arenas[0].NewEntry(KindString, WithExt, []byte("key"), 5)
		copy(e.Value(), "value")
		m := modelAttrs{map[AttrWord]uint64{}, map[AttrText]string{}}
		anySet := rapid.Custom(func(t *rapid.T) AttrSet {
			return AttrSet(rapid.Uint32().Draw(t, "set")) & (wordSet | textSet)
		})
		t.Repeat(map[string]func(*rapid.T){
			"word": func(t *rapid.T) {
				w, v := AttrWord(rapid.IntRange(0, int(attrWords)-1).Draw(t, "word")), rapid.Uint64().Draw(t, "value")
				if !arenas[at].SetWord(e, w, v) {
					t.Fatal("exhausted")
				}
				m.words[w] = v
			},
			"text": func(t *rapid.T) {
				x, n := AttrText(rapid.IntRange(0, int(attrTexts)-1).Draw(t, "text")), rapid.IntRange(0, 300).Draw(t, "length")
				v := bytes.Repeat([]byte{byte('a' + n%26)}, n)
				if !arenas[at].SetText(e, x, v) {
					t.Fatal("exhausted")
				}
				m.texts[x] = string(v)
			},
			"keep": func(t *rapid.T) {
				keep := anySet.Draw(t, "kept")
				arenas[at].KeepAttrs(e, keep)
				m = m.keep(keep)
			},
			"move": func(t *rapid.T) {
				if e.Attrs() != 0 {
					arenas[at].MoveAttrs(e)
				}
			},
			"recast": func(t *rapid.T) {
				to, moved := arenas[at].Recast(e, []byte("another key"), WithExt|shapeIf(rapid.Bool().Draw(t, "deadline")))
				arenas[at].Free(h)
				h, e = to, moved
			},
			"copy": func(t *rapid.T) {
				keep := anySet.Draw(t, "kept")
				other := rapid.IntRange(0, 1).Draw(t, "arena")
				to, copied := arenas[other].Recast(e, e.Key(), e.Shape())
				if !arenas[other].CopyAttrs(copied, arenas[at], e, keep) {
					t.Fatal("exhausted")
				}
				arenas[at].FreeAttrs(e)
				arenas[at].Free(h)
				h, e, at = to, copied, other
				m = m.keep(keep)
			},
			"": func(t *rapid.T) {
				m.compare(t, arenas[at], e)
				if string(e.Value()) != "value" {
					t.Fatalf("the value is %q", e.Value())
				}
				want := int64(arenas[at].Cap(h) + arenas[at].AttrsCap(e))
				if got := arenas[0].Used() + arenas[1].Used(); got != want {
					t.Fatalf("%d bytes are in use, the entry and its attributes take %d", got, want)
				}
			},
		})
	})
}

// Without memory for a block of attributes nothing changes.
func TestAttributesThatFindNoMemoryChangeNothing(t *testing.T) {
	a, err := NewArena(8 * pageSize)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	_, e := a.NewEntry(KindString, WithExt, []byte("key"), 5)
	if !a.SetWord(e, AttrCreated, 7) {
		t.Fatal("exhausted at once")
	}
	for a.Alloc(5000) != 0 {
	}
	for a.Alloc(100) != 0 {
	}
	if a.SetText(e, AttrTags, make([]byte, 90)) || e.Attrs() != AttrCreated.Set() {
		t.Errorf("set without memory: attributes %b", e.Attrs())
	}
	if v, ok := a.Word(e, AttrCreated); v != 7 || !ok {
		t.Errorf("the attribute that was there is %d, %v", v, ok)
	}
}
