package rdb

import (
	"encoding/binary"
	"fmt"
)

// Packed values are walked only where their heads do not tell how many elements they have: the count there has 16 bits.

var (
	errListpack = fmt.Errorf("%w: a listpack that does not add up", ErrCorrupt)
	errZiplist  = fmt.Errorf("%w: a ziplist that does not add up", ErrCorrupt)
	errZipmap   = fmt.Errorf("%w: a zipmap that does not add up", ErrCorrupt)
)

func listpackLen(p []byte) (int64, error) { return walkListpack(p, nil) }

// walkListpack tells visit of each element, if visit is not nil, whether it is the integer 0, and returns how many there
// are. An element is its form and bytes, and its own size, which has 7 bits a byte.
func walkListpack(p []byte, visit func(i int64, zero bool)) (int64, error) {
	if len(p) <= listpackHead {
		return 0, errListpack
	}
	p = p[listpackHead:]
	for i := int64(0); ; i++ {
		if len(p) == 0 {
			return i, errListpack
		}
		if p[0] == 0xff {
			return i, nil
		}
		size, ok := listpackElement(p)
		if !ok {
			return i, errListpack
		}
		if visit != nil {
			visit(i, p[0] == 0) // the integers up to 127 are their own form
		}
		if size += backLen(size); size > uint64(len(p)) {
			return i, errListpack
		}
		p = p[size:]
	}
}

// listpackElement is the size of the first element of p without its back length.
func listpackElement(p []byte) (size uint64, ok bool) {
	b := p[0]
	switch {
	case b < 0x80: // 7-bit integer
		return 1, true
	case b < 0xc0: // string, 6 bits of length
		return 1 + uint64(b&0x3f), true
	case b < 0xe0: // 13-bit integer
		return 2, true
	case b < 0xf0: // string, 12 bits
		if len(p) < 2 {
			return 0, false
		}
		return 2 + uint64(b&0x0f)<<8 + uint64(p[1]), true
	case b == 0xf0: // string, 32 bits
		if len(p) < 5 {
			return 0, false
		}
		return 5 + uint64(binary.LittleEndian.Uint32(p[1:])), true
	case b <= 0xf4: // integers of 16, 24, 32 and 64 bits
		return [...]uint64{3, 4, 5, 9}[b-0xf1], true
	}
	return 0, false
}

// backLen is how many bytes the size of an element of a listpack takes behind it.
func backLen(size uint64) uint64 {
	n := uint64(1)
	for limit := uint64(1) << 7; size >= limit; limit <<= 7 {
		n++
	}
	return n
}

// ziplistLen counts. An element is the size of the one before, in 1 byte or 5, its form and bytes.
func ziplistLen(p []byte) (int64, error) {
	if len(p) <= ziplistHead {
		return 0, errZiplist
	}
	p = p[ziplistHead:]
	for i := int64(0); ; i++ {
		if len(p) == 0 {
			return i, errZiplist
		}
		if p[0] == 0xff {
			return i, nil
		}
		before := 1
		if p[0] == 0xfe {
			before = 5
		}
		if len(p) <= before {
			return i, errZiplist
		}
		p = p[before:]
		size, ok := ziplistElement(p)
		if !ok || size > uint64(len(p)) {
			return i, errZiplist
		}
		p = p[size:]
	}
}

func ziplistElement(p []byte) (size uint64, ok bool) {
	b := p[0]
	switch {
	case b>>6 == 0: // string, 6 bits of length
		return 1 + uint64(b), true
	case b>>6 == 1: // 14 bits
		if len(p) < 2 {
			return 0, false
		}
		return 2 + uint64(b&0x3f)<<8 + uint64(p[1]), true
	case b>>6 == 2: // 32 bits
		if len(p) < 5 {
			return 0, false
		}
		return 5 + uint64(binary.BigEndian.Uint32(p[1:])), true
	case b == 0xc0:
		return 3, true
	case b == 0xd0:
		return 5, true
	case b == 0xe0:
		return 9, true
	case b == 0xf0:
		return 4, true
	case b == 0xfe:
		return 2, true
	case b > 0xf0 && b < 0xfe: // a small integer in the form itself
		return 1, true
	}
	return 0, false
}

// zipmapLen counts. The first byte is the number of pairs if that is below 254. A length has 1 byte, or 254 and 4; a
// value has a byte behind its length that tells how many bytes behind it are free.
func zipmapLen(p []byte) (int64, error) {
	if len(p) < 2 {
		return 0, errZipmap
	}
	if p[0] < 254 {
		return int64(p[0]), nil
	}
	p = p[1:]
	for i := int64(0); ; i++ {
		if len(p) > 0 && p[0] == 0xff {
			return i / 2, nil
		}
		if len(p) == 0 {
			return i / 2, errZipmap
		}
		size, head := uint64(p[0]), uint64(1)
		if p[0] == 254 {
			if len(p) < 5 {
				return i / 2, errZipmap
			}
			size, head = uint64(binary.LittleEndian.Uint32(p[1:])), 5
		}
		if i%2 == 1 {
			if uint64(len(p)) <= head {
				return i / 2, errZipmap
			}
			head += 1 + uint64(p[head])
		}
		if size += head; size > uint64(len(p)) {
			return i / 2, errZipmap
		}
		p = p[size:]
	}
}
