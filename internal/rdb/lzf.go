package rdb

import "fmt"

// LZF is Marc Lehmann's format. A compressed text is a sequence of two kinds of items, told apart by the first byte:
//
//	000LLLLL              literal: the L+1 bytes that follow
//	LLLooooo oooooooo     copy: L+2 bytes from o+1 bytes back, L in 1 to 6
//	111ooooo LLLLLLLL oooooooo   copy: L+9 bytes
//
// A copy may overlap what it produces, which repeats it.

// lzfMaxRatio bounds by how much a text can shrink: three bytes stand for at most 264.
const lzfMaxRatio = 88

// lzfPlausible tells whether packed bytes can be what size bytes were compressed to.
func lzfPlausible(packed, size uint64) bool {
	return packed > 0 && size > 0 && size/lzfMaxRatio <= packed
}

// lzfAppend appends to dst what src decompresses to, up to limit bytes; what is beyond is not looked at.
func lzfAppend(dst, src []byte, limit int) ([]byte, error) {
	start := len(dst)
	for i := 0; i < len(src) && len(dst)-start < limit; {
		head := int(src[i])
		i++
		if head < 1<<5 {
			n := head + 1
			if n > len(src)-i {
				return dst, fmt.Errorf("%w: LZF literal beyond the end", ErrCorrupt)
			}
			dst = append(dst, src[i:i+min(n, limit-(len(dst)-start))]...)
			i += n
			continue
		}
		n := head >> 5
		if n == 7 {
			if i == len(src) {
				return dst, fmt.Errorf("%w: LZF ends in a length", ErrCorrupt)
			}
			n += int(src[i])
			i++
		}
		n += 2
		if i == len(src) {
			return dst, fmt.Errorf("%w: LZF ends in an offset", ErrCorrupt)
		}
		from := len(dst) - (head&0x1f)<<8 - int(src[i]) - 1
		i++
		if from < start {
			return dst, fmt.Errorf("%w: LZF copies from before the beginning", ErrCorrupt)
		}
		for n = min(n, limit-(len(dst)-start)); n > 0; {
			k := min(n, len(dst)-from)
			dst = append(dst, dst[from:from+k]...)
			from += k
			n -= k
		}
	}
	return dst, nil
}
