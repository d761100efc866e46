package resp

// Shared is memory that a reply refers to instead of copying it: a large value,
// or one message for many clients. Its bytes stay as they are until Release,
// which is called once by the holder of the reference, from any goroutine.
type Shared interface {
	Bytes() []byte
	Release()
}

// Ref is a Shared and its place in what was written: its bytes come before
// those of Buf[At:].
type Ref struct {
	At     int
	Shared Shared
}

// references is what a Writer knows of shared memory. Most never meet any.
type references struct {
	refs  []Ref // in the order of their places
	bytes int   // of all of them
	// dropped were truncated away. They are released when the output is taken,
	// since a reply may be truncated under a lock that Release needs.
	dropped []Shared
}

// BulkShared writes a bulk string without copying it. The reference is the
// Writer's from now on. Worth it for large strings only: a small one is copied
// in less time than it takes to keep account of it.
func (w *Writer) BulkShared(s Shared) {
	n := len(s.Bytes())
	if w.shared == nil {
		w.shared = new(references)
	}
	w.Buf = appendHeader(w.Buf, '$', int64(n))
	w.shared.refs = append(w.shared.refs, Ref{len(w.Buf), s})
	w.shared.bytes += n
	w.Buf = append(w.Buf, '\r', '\n')
}

// Len is the number of bytes written, shared ones included.
func (w *Writer) Len() int {
	if w.shared == nil {
		return len(w.Buf)
	}
	return len(w.Buf) + w.shared.bytes
}

// Take hands over all that was written: to send, between the bytes of buf, those
// of refs, and to release these. The Writer is empty after it and has no Buf.
func (w *Writer) Take() (buf []byte, refs []Ref) {
	buf, w.Buf = w.Buf, nil
	if w.shared != nil {
		refs = w.shared.refs
		w.shared.release()
		w.shared = nil
	}
	return buf, refs
}

// Reset drops all that was written and keeps Buf's memory.
func (w *Writer) Reset() {
	w.Truncate(0)
	if w.shared != nil {
		w.shared.release()
		w.shared = nil
	}
}

// Append moves what from has written to the end of w. It copies from's Buf,
// whose memory stays with from.
func (w *Writer) Append(from *Writer) {
	if s := from.shared; s != nil {
		if w.shared == nil {
			w.shared = new(references)
		}
		for _, r := range s.refs {
			w.shared.refs = append(w.shared.refs, Ref{len(w.Buf) + r.At, r.Shared})
		}
		w.shared.bytes += s.bytes
		w.shared.dropped = append(w.shared.dropped, s.dropped...)
		from.shared = nil
	}
	w.Buf = append(w.Buf, from.Buf...)
	from.Buf = from.Buf[:0]
}

// Adopt moves what from has written to the end of w without copying it: from's
// Buf, which is not empty, becomes memory that w refers to. free is called when
// it is not needed any more.
func (w *Writer) Adopt(from *Writer, free func()) {
	buf, refs := from.Take()
	if w.shared == nil {
		w.shared = new(references)
	}
	// A reply does not begin with a reference, see truncate.
	w.Buf = append(w.Buf, buf[0])
	at := 1
	for _, r := range refs {
		w.refer(&owned{bytes: buf[at:r.At]})
		w.refer(r.Shared)
		at = r.At
	}
	w.refer(&owned{bytes: buf[at:], free: free})
}

// refer adds a reference at the end.
func (w *Writer) refer(s Shared) {
	w.shared.refs = append(w.shared.refs, Ref{len(w.Buf), s})
	w.shared.bytes += len(s.Bytes())
}

// owned is memory that a Writer was given.
type owned struct {
	bytes []byte
	free  func() // nil: another reference to the same memory does it
}

// Bytes implements Shared.
func (o *owned) Bytes() []byte { return o.bytes }

// Release implements Shared.
func (o *owned) Release() {
	if o.free != nil {
		o.free()
	}
}

// AppendTo appends all that was written to dst, with copies of what is shared.
func (w *Writer) AppendTo(dst []byte) []byte {
	at := 0
	if w.shared != nil {
		for _, r := range w.shared.refs {
			dst = append(dst, w.Buf[at:r.At]...)
			dst = append(dst, r.Shared.Bytes()...)
			at = r.At
		}
	}
	return append(dst, w.Buf[at:]...)
}

// truncate drops the references behind mark. A reference stands between the
// header and the end of its string, so none is at the edge of a reply.
func (s *references) truncate(mark int) {
	n := len(s.refs)
	for ; n > 0 && s.refs[n-1].At > mark; n-- {
		r := s.refs[n-1]
		s.refs[n-1] = Ref{}
		s.bytes -= len(r.Shared.Bytes())
		s.dropped = append(s.dropped, r.Shared)
	}
	s.refs = s.refs[:n]
}

// move follows a change of the output's length by n behind a place.
func (s *references) move(behind, n int) {
	for i := len(s.refs) - 1; i >= 0 && s.refs[i].At > behind; i-- {
		s.refs[i].At += n
	}
}

func (s *references) release() {
	for _, d := range s.dropped {
		d.Release()
	}
	s.dropped = nil
}
