package resp

import "slices"

// aggregateKind is a reply that holds others.
type aggregateKind uint8

const (
	kindArray aggregateKind = iota
	kindMap
	kindSet
	kindPush
)

// sigil returns the type byte of k in RESP3.
func (k aggregateKind) sigil() byte { return "*%~>"[k] }

func (w *Writer) aggregate(k aggregateKind, n int) {
	w.Buf = w.appendAggregate(w.Buf, k, n)
}

func (w *Writer) appendAggregate(dst []byte, k aggregateKind, n int) []byte {
	if w.resp3() {
		return appendHeader(dst, k.sigil(), int64(n))
	}
	if k == kindMap {
		n *= 2
	}
	return appendHeader(dst, '*', int64(n))
}

// Deferred is an aggregate whose length is not known yet. Its replies are
// written first, then Close states how many they are. Inner ones are closed
// before outer ones; Truncate to a Mark before it abandons it.
type Deferred struct {
	at   int
	kind aggregateKind
}

// shortHeader is the space kept for a header: enough for lengths below ten,
// the common case, so that closing moves nothing.
const shortHeader = len("*0\r\n")

// DeferArray begins an array of unknown length.
func (w *Writer) DeferArray() Deferred { return w.deferred(kindArray) }

// DeferMap begins a map; its length is in pairs.
func (w *Writer) DeferMap() Deferred { return w.deferred(kindMap) }

// DeferSet begins a set of unknown length.
func (w *Writer) DeferSet() Deferred { return w.deferred(kindSet) }

// DeferPush begins an out-of-band message of unknown length.
func (w *Writer) DeferPush() Deferred { return w.deferred(kindPush) }

func (w *Writer) deferred(k aggregateKind) Deferred {
	d := Deferred{at: len(w.Buf), kind: k}
	w.Buf = append(w.Buf, "*0\r\n"...)
	return d
}

// Close writes the length of d: n replies, or pairs where it is a map. Replies
// longer than nine elements move by a few bytes, once.
func (w *Writer) Close(d Deferred, n int) {
	var text [24]byte
	header := w.appendAggregate(text[:0], d.kind, n)
	body := d.at + shortHeader
	w.Buf = slices.Replace(w.Buf, d.at, body, header...)
	if w.shared != nil {
		w.shared.move(d.at, len(header)-shortHeader)
	}
}
