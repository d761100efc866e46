package resp

import "strconv"

// tableSize is the number of values whose text is kept ready.
const tableSize = 1024

// numberText holds "<v>\r\n" for v < tableSize, padded to eight bytes: most
// lengths, counts and integer replies are copied from here.
var numberText = func() (t [tableSize]smallNumber) {
	for v := range t {
		b := strconv.AppendInt(t[v].text[:0], int64(v), 10)
		t[v].size = uint8(len(append(b, '\r', '\n')))
	}
	return t
}()

type smallNumber struct {
	text [7]byte
	size uint8
}

// appendHeader appends a type byte, v in decimal, and a line end.
func appendHeader(dst []byte, kind byte, v int64) []byte {
	dst = append(dst, kind)
	if uint64(v) < tableSize {
		s := &numberText[v]
		return append(dst, s.text[:s.size]...)
	}
	dst = strconv.AppendInt(dst, v, 10)
	return append(dst, '\r', '\n')
}
