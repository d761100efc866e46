package keyspace

import (
	"bytes"

	"pgregory.net/rapid"

	"github.com/curfewkv/curfew/internal/blob"
	"github.com/curfewkv/curfew/internal/store"
)

// heldRead is a reference to a large string that a reader holds, and what it must go on to read.
type heldRead struct {
	*blob.Reading
	want string
}

// hold takes a reference to a part of a large string.
func (m *machine) hold(t *rapid.T) {
	db, key := drawDB(t, "db"), drawKey(t, "key")
	k, exists := m.seen(db, key)
	m.in(db, func(tx *Txn) {
		en, ok := tx.Peek([]byte(key))
		if ok != exists {
			t.Fatalf("found %v, want %v", ok, exists)
		}
		if !ok {
			return
		}
		to := rapid.IntRange(0, len(k.value)).Draw(t, "to")
		from := rapid.IntRange(0, to).Draw(t, "from")
		r, large := en.Share(from, to)
		if large != (len(k.value) >= largeString) {
			t.Fatalf("a string of %d bytes is shared: %v", len(k.value), large)
		}
		if large {
			m.reads = append(m.reads, heldRead{r, k.value[from:to]})
		}
	})
	m.follow(t)
}

// letGo gives references up.
func (m *machine) letGo(t *rapid.T) {
	n := rapid.IntRange(0, len(m.reads)).Draw(t, "references")
	for _, r := range m.reads[:n] {
		r.Release()
	}
	m.reads = m.reads[n:]
}

// compareReads checks that nothing changed under a reader.
func (m *machine) compareReads(t *rapid.T) {
	for _, r := range m.reads {
		if !bytes.Equal(r.Bytes(), []byte(r.want)) {
			t.Fatalf("%d bytes changed under a reader", len(r.want))
		}
	}
}

// modelAttrs are the attributes of a key in the model: one of the deadline, one of the key, one of the value.
type modelAttrs struct {
	set     store.AttrSet
	setter  string
	created uint64
	tags    string
}

func (a modelAttrs) keep(keep store.AttrSet) modelAttrs {
	a.set &= keep
	if a.set&store.AttrSetter.Set() == 0 {
		a.setter = ""
	}
	if a.set&store.AttrCreated.Set() == 0 {
		a.created = 0
	}
	if a.set&store.AttrTags.Set() == 0 {
		a.tags = ""
	}
	return a
}

func attrsOf(en Entry) (a modelAttrs) {
	a.set = en.e.Attrs()
	a.created, _ = en.s.arena.Word(en.e, store.AttrCreated)
	a.setter, a.tags = string(en.s.arena.Text(en.e, store.AttrSetter)), string(en.s.arena.Text(en.e, store.AttrTags))
	return a
}

// attribute sets an attribute of a key, which moves to a block that has room for a handle first.
func (m *machine) attribute(t *rapid.T) {
	db, key := drawDB(t, "db"), drawKey(t, "key")
	k, exists := m.seen(db, key)
	text := string(bytes.Repeat([]byte("t"), rapid.IntRange(0, 100).Draw(t, "text")))
	which := rapid.IntRange(0, 2).Draw(t, "attribute")
	m.in(db, func(tx *Txn) {
		en, ok := tx.Peek([]byte(key))
		if ok != exists {
			t.Fatalf("found %v, want %v", ok, exists)
		}
		if !ok {
			return
		}
		if !en.e.HasExt() {
			h, e := en.s.arena.Recast(en.e, en.e.Key(), en.e.Shape()|store.WithExt)
			if h == 0 {
				return
			}
			en.moveTo(h, e, en.Deadline())
		}
		a := en.s.arena
		switch which {
		case 0:
			if a.SetText(en.e, store.AttrSetter, []byte(text)) {
				k.attrs.set, k.attrs.setter = k.attrs.set|store.AttrSetter.Set(), text
			}
		case 1:
			if a.SetWord(en.e, store.AttrCreated, uint64(len(text))) {
				k.attrs.set, k.attrs.created = k.attrs.set|store.AttrCreated.Set(), uint64(len(text))
			}
		case 2:
			if a.SetText(en.e, store.AttrTags, []byte(text)) {
				k.attrs.set, k.attrs.tags = k.attrs.set|store.AttrTags.Set(), text
			}
		}
		m.model[db][key] = k
	})
	m.follow(t)
}
