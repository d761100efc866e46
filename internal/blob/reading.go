package blob

// Reading is a reader's reference to a value, or to a part of it. The bytes stay what they were when it was taken.
type Reading struct {
	heap  *Heap
	ref   Ref
	bytes []byte
}

// Read takes a reference to the bytes of a value from one place to another. The caller is an owner.
func (h *Heap) Read(r Ref, from, to int) *Reading {
	b := h.head(r)
	b.refs.Add(reader)
	return &Reading{heap: h, ref: r, bytes: b.bytes()[from:to]}
}

// Bytes are the bytes read, valid until Release.
func (x *Reading) Bytes() []byte { return x.bytes }

// Release gives the reference up, and the memory with it if it was the last one. Any goroutine may call it, once.
func (x *Reading) Release() {
	h := x.heap
	if h == nil {
		panic("blob: a reference was released twice")
	}
	b := h.head(x.ref)
	capacity := b.cap
	x.heap, x.bytes = nil, nil
	if b.refs.Add(^uint64(reader-1)) == 0 {
		h.held.Add(-capacity)
		h.free(x.ref, capacity)
	}
}
