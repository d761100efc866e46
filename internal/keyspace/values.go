package keyspace

import (
	"github.com/curfewkv/curfew/internal/blob"
	"github.com/curfewkv/curfew/internal/store"
)

// valueOps is what the keyspace must know of a kind of value. A type is a package with its structure, and a row of values
// for each of its encodings.
type valueOps struct {
	// typ is the type's name as TYPE replies it.
	typ string
	// encoding is the name that OBJECT ENCODING replies.
	encoding func(en Entry) string

	// What follows is for values outside of their entry's block, which holds a reference to them (store.Indirect). ref is
	// that reference; s, from and to are shards that are locked.

	// size is the memory of the value in bytes.
	size func(s *shard, ref uint64) int
	// copy makes the value once more, for an entry of another shard or of the same; false: there is no memory.
	copy func(from, to *shard, ref uint64) (uint64, bool)
	// free frees about limit blocks of a value that no entry refers to, and returns the reference to what is left of it; 0:
	// nothing.
	free func(s *shard, ref uint64, limit int) (rest uint64)
	// relocate moves the blocks of the value that lie in sparse spans, and returns the reference to it. nil: it has none.
	relocate func(s *shard, ref uint64) uint64
}

// values is the table of kinds.
var values = [store.Kinds]valueOps{
	store.KindNone:      {typ: "none"},
	store.KindString:    stringOps(func(en Entry) string { return plainEncoding(en.StringLen()) }),
	store.KindStringRaw: stringOps(func(Entry) string { return "raw" }),
	store.KindStringInt: stringOps(func(Entry) string { return "int" }),
}

// embstrMax is the longest plain string that OBJECT ENCODING reports as embstr.
const embstrMax = 44

func plainEncoding(n int) string {
	if n <= embstrMax {
		return "embstr"
	}
	return "raw"
}

// stringOps is a row of strings. Large ones are blocks of the keyspace's heap, which all shards share: to copy one is to
// refer to it once more.
func stringOps(encoding func(Entry) string) valueOps {
	return valueOps{
		typ:      "string",
		encoding: encoding,
		size:     func(s *shard, ref uint64) int { return s.ks.blobs.Cap(blob.Ref(ref)) },
		copy: func(from, _ *shard, ref uint64) (uint64, bool) {
			from.ks.blobs.Own(blob.Ref(ref))
			return ref, true
		},
		free: func(s *shard, ref uint64, _ int) (rest uint64) {
			s.sharedFreed += s.ks.blobs.Disown(blob.Ref(ref))
			return 0
		},
	}
}

// freeAtOnce is how many blocks of a value are freed together with its entry. What is left is garbage, freed in slices.
const freeAtOnce = 64

// garbage is what is left of a value that no entry refers to.
type garbage struct {
	kind store.Kind
	ref  uint64
}

// dispose frees an entry that nothing refers to any more, with all that belongs to it.
func (s *shard) dispose(h store.Handle) {
	if e := s.arena.Entry(h); e.Shape()&(store.Indirect|store.WithExt) != 0 {
		s.arena.FreeAttrs(e)
		s.disposeValue(e)
	}
	s.arena.Free(h)
}

// disposeValue frees what an entry's reference names, if it holds one.
func (s *shard) disposeValue(e store.Entry) {
	if !e.IsIndirect() {
		return
	}
	if rest := values[e.Kind()].free(s, e.Ref(), freeAtOnce); rest != 0 {
		s.garbage = append(s.garbage, garbage{e.Kind(), rest})
		s.hasTrash.Store(true)
	}
}

// freeGarbage frees about n blocks of the last value that is garbage.
func (s *shard) freeGarbage(n int) {
	last := &s.garbage[len(s.garbage)-1]
	if last.ref = values[last.kind].free(s, last.ref, n); last.ref == 0 {
		s.garbage = s.garbage[:len(s.garbage)-1]
	}
}

// used is a measure whose decrease is the memory that the shard freed: that of its arena, and of shared memory what it was
// the last to refer to.
func (s *shard) used() int64 { return s.arena.Used() - s.sharedFreed }

// sizeOf is the memory of an entry in bytes, its share of the index excluded. What it shares with others counts in full.
func (s *shard) sizeOf(h store.Handle) int {
	e := s.arena.Entry(h)
	n := s.arena.Cap(h) + s.arena.AttrsCap(e)
	if e.IsIndirect() {
		n += values[e.Kind()].size(s, e.Ref())
	}
	return n
}

// clone copies an entry to shard s under another name, with those of its attributes that are in the set; the handle is 0
// when there is no memory.
func (en Entry) clone(s *shard, name []byte, attrs store.AttrSet) (store.Handle, store.Entry) {
	h, e := s.arena.Recast(en.e, name, en.e.Shape())
	if h == 0 {
		return 0, store.Entry{}
	}
	if e.HasExt() && !s.arena.CopyAttrs(e, en.s.arena, en.e, attrs) {
		s.arena.Free(h)
		return 0, store.Entry{}
	}
	if e.IsIndirect() {
		ref, ok := values[e.Kind()].copy(en.s, s, e.Ref())
		if !ok {
			s.arena.FreeAttrs(e)
			s.arena.Free(h)
			return 0, store.Entry{}
		}
		e.SetRef(ref)
	}
	return h, e
}

// relocateParts moves what belongs to an entry and lies in sparse spans. Nothing that a reader sees changes.
func (s *shard) relocateParts(e store.Entry) {
	if s.arena.AttrsShouldMove(e) {
		s.arena.MoveAttrs(e)
		s.counts.DefragMoved++
	}
	if e.IsIndirect() {
		if move := values[e.Kind()].relocate; move != nil {
			e.SetRef(move(s, e.Ref()))
		}
	}
}
