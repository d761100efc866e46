package rdb

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// Forms of a string in the file, by the low bits of a byte whose two high bits are set.
const (
	encInt8  = 0
	encInt16 = 1
	encInt32 = 2
	encLZF   = 3
)

// length reads a number as lengths are written; special is set when a form of a string stands there instead.
func (s *source) length() (n uint64, special bool, err error) {
	b, err := s.byte()
	if err != nil {
		return 0, false, err
	}
	switch {
	case b>>6 == 0:
		return uint64(b & 0x3f), false, nil
	case b>>6 == 1:
		low, err := s.byte()
		return uint64(b&0x3f)<<8 | uint64(low), false, err
	case b>>6 == 3:
		return uint64(b & 0x3f), true, nil
	case b == 0x80:
		p, err := s.take(4)
		if err != nil {
			return 0, false, err
		}
		return uint64(binary.BigEndian.Uint32(p)), false, nil
	case b == 0x81:
		p, err := s.take(8)
		if err != nil {
			return 0, false, err
		}
		return binary.BigEndian.Uint64(p), false, nil
	}
	return 0, false, fmt.Errorf("%w: a length cannot begin with byte 0x%02x", ErrCorrupt, b)
}

// number reads a length that must not be a form of a string.
func (s *source) number() (uint64, error) {
	n, special, err := s.length()
	if err == nil && special {
		return 0, fmt.Errorf("%w: a string stands where a number is due", ErrCorrupt)
	}
	return n, err
}

// numbers skips so many numbers.
func (s *source) numbers(n int) error {
	for range n {
		if _, err := s.number(); err != nil {
			return err
		}
	}
	return nil
}

// millis reads a point in time.
func (s *source) millis() (int64, error) {
	p, err := s.take(8)
	if err != nil {
		return 0, err
	}
	return int64(binary.LittleEndian.Uint64(p)), nil
}

// A text is a string of which the form has been read, but not yet the bytes.
type text struct {
	size   int64 // of the string itself
	packed int64 // bytes in the file, when compressed
	isInt  bool  // it is num, in decimal, and no bytes follow
	num    int64
}

// text reads the form of a string. What follows has to be passed, by skip or readText.
func (s *source) text() (text, error) {
	n, special, err := s.length()
	switch {
	case err != nil:
		return text{}, err
	case !special && n > math.MaxInt64:
		return text{}, fmt.Errorf("%w: a string of %d bytes", ErrCorrupt, n)
	case !special:
		return text{size: int64(n)}, nil
	case n == encLZF:
		return s.compressed()
	case n > encLZF:
		return text{}, fmt.Errorf("%w: strings of form %d", ErrUnknown, n)
	}
	p, err := s.take(1 << n)
	if err != nil {
		return text{}, err
	}
	t := text{isInt: true}
	switch n {
	case encInt8:
		t.num = int64(int8(p[0]))
	case encInt16:
		t.num = int64(int16(binary.LittleEndian.Uint16(p)))
	case encInt32:
		t.num = int64(int32(binary.LittleEndian.Uint32(p)))
	}
	t.size = decimalLen(t.num)
	return t, nil
}

func (s *source) compressed() (text, error) {
	packed, err := s.number()
	if err != nil {
		return text{}, err
	}
	size, err := s.number()
	if err != nil {
		return text{}, err
	}
	if packed > math.MaxInt64 || size > math.MaxInt64 || !lzfPlausible(packed, size) {
		return text{}, fmt.Errorf("%w: %d bytes cannot have been compressed to %d", ErrCorrupt, size, packed)
	}
	return text{size: int64(size), packed: int64(packed)}, nil
}

// stored is how many bytes of the text are still to come.
func (t text) stored() int64 {
	switch {
	case t.isInt:
		return 0
	case t.packed > 0:
		return t.packed
	}
	return t.size
}

// skipText passes a string and returns its size.
func (s *source) skipText() (int64, error) {
	t, err := s.text()
	if err != nil {
		return 0, err
	}
	return t.size, s.skip(t.stored())
}

// readText appends the bytes of t to dst. scratch is room for a compressed form; it comes back, perhaps grown.
func (s *source) readText(t text, dst, scratch []byte) (out, room []byte, err error) {
	switch {
	case t.isInt:
		return strconv.AppendInt(dst, t.num, 10), scratch, nil
	case t.packed == 0:
		dst, err = s.appendTo(dst, t.size)
		return dst, scratch, err
	}
	if scratch, err = s.appendTo(scratch[:0], t.packed); err != nil {
		return dst, scratch, err
	}
	before := len(dst)
	if dst, err = lzfAppend(dst, scratch, int(t.size)); err != nil {
		return dst, scratch, err
	}
	if int64(len(dst)-before) != t.size {
		return dst, scratch, fmt.Errorf("%w: LZF gives %d bytes of %d", ErrCorrupt, len(dst)-before, t.size)
	}
	return dst, scratch, nil
}

// peekHead appends at most n first bytes of t to dst, and leaves t unread. REQUIRES: n is some bytes.
func (s *source) peekHead(t text, dst []byte, n int) ([]byte, error) {
	if t.isInt {
		var room [20]byte
		digits := strconv.AppendInt(room[:0], t.num, 10)
		return append(dst, digits[:min(n, len(digits))]...), nil
	}
	k := min(t.stored(), int64(n))
	if t.packed > 0 {
		// An item of LZF gives at least one byte for two, and no literal is longer than 33: the item that gives the
		// nth byte ends before this.
		k = min(t.packed, 2*int64(n)+33)
	}
	if err := s.fill(int(k)); err != nil {
		return dst, err
	}
	p := s.buf[s.pos : s.pos+int(k)]
	if t.packed == 0 {
		return append(dst, p...), nil
	}
	return lzfAppend(dst, p, n)
}

func decimalLen(v int64) int64 {
	var room [20]byte
	return int64(len(strconv.AppendInt(room[:0], v, 10)))
}
