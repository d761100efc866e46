package resp

import (
	"strconv"

	"github.com/curfewkv/curfew/resp/number"
)

// Writer appends replies to Buf. Methods return nothing and cannot fail; they
// allocate only when Buf must grow. Arguments are copied, but for BulkShared's.
//
// Buf is the caller's to lend: an empty one with room, before anything is
// written. What was written is had from Take, or dropped by Reset; where
// BulkShared is not used it is Buf itself. One goroutine at a time.
type Writer struct {
	Buf []byte
	// Proto is 2 or 3. Types that RESP2 lacks are written as Redis does then:
	// maps and sets as arrays, numbers and text as bulk strings.
	Proto int

	shared *references // nil: nothing of what was written is shared
}

func (w *Writer) resp3() bool { return w.Proto >= 3 }

// OK writes +OK.
func (w *Writer) OK() { w.Buf = append(w.Buf, "+OK\r\n"...) }

// Simple writes a simple string; s must not contain line ends.
func (w *Writer) Simple(s string) {
	w.Buf = append(w.Buf, '+')
	w.Buf = append(w.Buf, s...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// Error writes an error, text beginning with its code ("ERR ..."). Line ends
// at either end are dropped and others become spaces, as in Redis.
func (w *Writer) Error(text string) {
	for len(text) > 0 && isLineEnd(text[0]) {
		text = text[1:]
	}
	for len(text) > 0 && isLineEnd(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	w.Buf = append(w.Buf, '-')
	start := len(w.Buf)
	w.Buf = append(w.Buf, text...)
	for i, c := range w.Buf[start:] {
		if isLineEnd(c) {
			w.Buf[start+i] = ' '
		}
	}
	w.Buf = append(w.Buf, '\r', '\n')
}

func isLineEnd(c byte) bool { return c == '\r' || c == '\n' }

// Int writes an integer.
func (w *Writer) Int(v int64) { w.Buf = appendHeader(w.Buf, ':', v) }

// Bulk writes a bulk string.
func (w *Writer) Bulk(b []byte) {
	w.Buf = appendHeader(w.Buf, '$', int64(len(b)))
	w.Buf = append(w.Buf, b...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// BulkString is Bulk for a string.
func (w *Writer) BulkString(s string) {
	w.Buf = appendHeader(w.Buf, '$', int64(len(s)))
	w.Buf = append(w.Buf, s...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// BulkInt writes v in decimal as a bulk string.
func (w *Writer) BulkInt(v int64) {
	var text [20]byte
	w.Bulk(strconv.AppendInt(text[:0], v, 10))
}

// Null writes the absence of a value.
func (w *Writer) Null() {
	if w.resp3() {
		w.Buf = append(w.Buf, "_\r\n"...)
		return
	}
	w.Buf = append(w.Buf, "$-1\r\n"...)
}

// NullArray writes the absence of an array, which RESP3 does not tell apart.
func (w *Writer) NullArray() {
	if w.resp3() {
		w.Buf = append(w.Buf, "_\r\n"...)
		return
	}
	w.Buf = append(w.Buf, "*-1\r\n"...)
}

// Array begins an array: n replies must follow.
func (w *Writer) Array(n int) { w.aggregate(kindArray, n) }

// Map begins a map: n pairs of replies must follow.
func (w *Writer) Map(n int) { w.aggregate(kindMap, n) }

// Set begins a set: n replies must follow.
func (w *Writer) Set(n int) { w.aggregate(kindSet, n) }

// Push begins an out-of-band message of n replies.
func (w *Writer) Push(n int) { w.aggregate(kindPush, n) }

// Attribute begins n pairs of replies that annotate the reply after them. Only
// RESP3 clients can be sent one; the caller checks.
func (w *Writer) Attribute(n int) { w.Buf = appendHeader(w.Buf, '|', int64(n)) }

// Double writes a float.
func (w *Writer) Double(f float64) {
	if w.resp3() {
		w.Buf = append(w.Buf, ',')
		w.Buf = number.AppendFloat(w.Buf, f)
		w.Buf = append(w.Buf, '\r', '\n')
		return
	}
	var text [32]byte
	w.Bulk(number.AppendFloat(text[:0], f))
}

// Bool writes a boolean, in RESP2 as 1 or 0.
func (w *Writer) Bool(b bool) {
	switch {
	case w.resp3() && b:
		w.Buf = append(w.Buf, "#t\r\n"...)
	case w.resp3():
		w.Buf = append(w.Buf, "#f\r\n"...)
	case b:
		w.Int(1)
	default:
		w.Int(0)
	}
}

// BigNumber writes an integer of any size, given in decimal.
func (w *Writer) BigNumber(digits string) {
	if !w.resp3() {
		w.BulkString(digits)
		return
	}
	w.Buf = append(w.Buf, '(')
	w.Buf = append(w.Buf, digits...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// Verbatim writes text to be shown as it is; format is three letters, "txt" or
// "mkd".
func (w *Writer) Verbatim(format, text string) {
	if !w.resp3() {
		w.BulkString(text)
		return
	}
	w.Buf = appendHeader(w.Buf, '=', int64(len(format)+1+len(text)))
	w.Buf = append(w.Buf, format...)
	w.Buf = append(w.Buf, ':')
	w.Buf = append(w.Buf, text...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// Raw writes bytes that are replies already.
func (w *Writer) Raw(b []byte) { w.Buf = append(w.Buf, b...) }

// Mark returns the place up to which has been written, for Truncate.
func (w *Writer) Mark() int { return len(w.Buf) }

// Truncate drops what was written after mark. Memory that it referred to is
// released by the next Take or Reset.
func (w *Writer) Truncate(mark int) {
	w.Buf = w.Buf[:mark]
	if w.shared != nil {
		w.shared.truncate(mark)
	}
}
