package rdb

import (
	"encoding/binary"
	"math"
)

// A file assembles an RDB file byte by byte, the way that the sources of the servers write them. It makes what the
// installed server cannot: other versions, and broken files.
type file struct{ b []byte }

func newFile(magic string) *file { return &file{b: []byte(magic)} }

func (f *file) raw(p ...byte) *file { f.b = append(f.b, p...); return f }

func (f *file) num(n uint64) *file {
	switch {
	case n < 1<<6:
		return f.raw(byte(n))
	case n < 1<<14:
		return f.raw(0x40|byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		f.b = binary.BigEndian.AppendUint32(append(f.b, 0x80), uint32(n))
		return f
	}
	f.b = binary.BigEndian.AppendUint64(append(f.b, 0x81), n)
	return f
}

func (f *file) nums(ns ...uint64) *file {
	for _, n := range ns {
		f.num(n)
	}
	return f
}

func (f *file) str(ss ...string) *file {
	for _, s := range ss {
		f.num(uint64(len(s))).raw([]byte(s)...)
	}
	return f
}

func (f *file) lzf(s string) *file {
	packed := lzfCompress([]byte(s))
	return f.raw(0xc0|encLZF).nums(uint64(len(packed)), uint64(len(s))).raw(packed...)
}

func (f *file) le64(n uint64) *file { f.b = binary.LittleEndian.AppendUint64(f.b, n); return f }

func (f *file) aux(name, value string) *file { return f.raw(opAux).str(name, value) }

func (f *file) db(n, keys, expires uint64) *file {
	return f.raw(opSelectDB).num(n).raw(opResizeDB).nums(keys, expires)
}

func (f *file) end() []byte {
	f.raw(opEOF)
	return binary.LittleEndian.AppendUint64(f.b, checksum(0, f.b))
}

// listpack packs small integers (as int) and strings (as string).
func listpack(elements ...any) string {
	p := make([]byte, listpackHead)
	for _, e := range elements {
		var one []byte
		switch e := e.(type) {
		case int:
			one = listpackInt(int64(e))
		case string:
			switch n := len(e); {
			case n < 64:
				one = append([]byte{0x80 | byte(n)}, e...)
			case n < 4096:
				one = append([]byte{0xe0 | byte(n>>8), byte(n)}, e...)
			default:
				one = append(binary.LittleEndian.AppendUint32([]byte{0xf0}, uint32(n)), e...)
			}
		}
		p = append(p, one...)
		p = append(p, listpackBack(len(one))...)
	}
	p = append(p, 0xff)
	binary.LittleEndian.PutUint32(p, uint32(len(p)))
	binary.LittleEndian.PutUint16(p[4:], uint16(min(len(elements), manyElements)))
	return string(p)
}

func listpackInt(v int64) []byte {
	var le [8]byte
	binary.LittleEndian.PutUint64(le[:], uint64(v))
	switch {
	case v >= 0 && v < 128:
		return []byte{byte(v)}
	case v >= -1<<12 && v < 1<<12:
		u := uint16(v) & 0x1fff
		return []byte{0xc0 | byte(u>>8), byte(u)}
	case v >= math.MinInt16 && v <= math.MaxInt16:
		return append([]byte{0xf1}, le[:2]...)
	case v >= -1<<23 && v < 1<<23:
		return append([]byte{0xf2}, le[:3]...)
	case v >= math.MinInt32 && v <= math.MaxInt32:
		return append([]byte{0xf3}, le[:4]...)
	}
	return append([]byte{0xf4}, le[:]...)
}

// listpackBack is the back length: 7 bits a byte, the lowest last, a high bit on all but the first.
func listpackBack(n int) []byte {
	p := []byte{byte(n & 127)}
	for n >>= 7; n > 0; n >>= 7 {
		p[0] |= 0x80
		p = append([]byte{byte(n & 127)}, p...)
	}
	return p
}

// ziplist packs integers and strings.
func ziplist(elements ...any) string {
	p := make([]byte, ziplistHead)
	before, tail := 0, ziplistHead
	for _, e := range elements {
		tail = len(p)
		if before < 254 {
			p = append(p, byte(before))
		} else {
			p = binary.LittleEndian.AppendUint32(append(p, 254), uint32(before))
		}
		switch e := e.(type) {
		case int:
			p = append(p, ziplistInt(int64(e))...)
		case string:
			switch n := len(e); {
			case n < 64:
				p = append(p, byte(n))
			case n < 1<<14:
				p = append(p, 0x40|byte(n>>8), byte(n))
			default:
				p = binary.BigEndian.AppendUint32(append(p, 0x80), uint32(n))
			}
			p = append(p, e...)
		}
		before = len(p) - tail
	}
	p = append(p, 0xff)
	binary.LittleEndian.PutUint32(p, uint32(len(p)))
	binary.LittleEndian.PutUint32(p[4:], uint32(tail))
	binary.LittleEndian.PutUint16(p[8:], uint16(min(len(elements), manyElements)))
	return string(p)
}

func ziplistInt(v int64) []byte {
	var le [8]byte
	binary.LittleEndian.PutUint64(le[:], uint64(v))
	switch {
	case v >= 0 && v <= 12:
		return []byte{0xf1 + byte(v)}
	case v >= math.MinInt8 && v <= math.MaxInt8:
		return []byte{0xfe, le[0]}
	case v >= math.MinInt16 && v <= math.MaxInt16:
		return append([]byte{0xc0}, le[:2]...)
	case v >= -1<<23 && v < 1<<23:
		return append([]byte{0xf0}, le[:3]...)
	case v >= math.MinInt32 && v <= math.MaxInt32:
		return append([]byte{0xd0}, le[:4]...)
	}
	return append([]byte{0xe0}, le[:]...)
}

func intset(width uint32, members ...int64) string {
	p := binary.LittleEndian.AppendUint32(nil, width)
	p = binary.LittleEndian.AppendUint32(p, uint32(len(members)))
	for _, m := range members {
		p = binary.LittleEndian.AppendUint64(p, uint64(m))[:len(p)+int(width)]
	}
	return string(p)
}

// zipmap packs pairs, each value with a free byte behind it.
func zipmap(pairs ...string) string {
	p := []byte{byte(min(len(pairs)/2, 254))}
	for i, s := range pairs {
		if len(s) < 254 {
			p = append(p, byte(len(s)))
		} else {
			p = binary.LittleEndian.AppendUint32(append(p, 254), uint32(len(s)))
		}
		if i%2 == 1 {
			p = append(p, 1)
		}
		p = append(p, s...)
		if i%2 == 1 {
			p = append(p, 0)
		}
	}
	return string(append(p, 0xff))
}

// lzfCompress is a plain, greedy compressor.
func lzfCompress(src []byte) []byte {
	var out, literal []byte
	flush := func() {
		for len(literal) > 0 {
			n := min(len(literal), 32)
			out = append(append(out, byte(n-1)), literal[:n]...)
			literal = literal[n:]
		}
	}
	seen := map[[3]byte]int{}
	for i := 0; i < len(src); {
		if i+3 > len(src) {
			literal = append(literal, src[i])
			i++
			continue
		}
		three := [3]byte(src[i:])
		at, ok := seen[three]
		seen[three] = i
		if !ok || i-at > 1<<13 {
			literal = append(literal, src[i])
			i++
			continue
		}
		n := 3
		for n < 264 && i+n < len(src) && src[at+n] == src[i+n] {
			n++
		}
		flush()
		back := i - at - 1
		if n-2 < 7 {
			out = append(out, byte(n-2)<<5|byte(back>>8), byte(back))
		} else {
			out = append(out, 7<<5|byte(back>>8), byte(n-9), byte(back))
		}
		i += n
	}
	flush()
	return out
}
