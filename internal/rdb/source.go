package rdb

import (
	"errors"
	"hash/crc64"
	"io"
)

const (
	bufferSize = 256 << 10
	// emptyReads is how often a reader may return nothing and no error.
	emptyReads = 100
)

// jones is the polynomial of Redis's checksum, reflected. Redis starts at 0 and inverts nothing, where hash/crc64
// inverts before and after.
var jones = crc64.MakeTable(0x95ac9329ac4bc9b5)

// checksum continues a checksum of Redis's kind.
func checksum(sum uint64, p []byte) uint64 { return ^crc64.Update(^sum, jones, p) }

// A source reads ahead, counts and sums. The checksum is taken of whole buffers, and not when single values are read:
// in pieces of some bytes it takes several times as long.
type source struct {
	r      io.Reader
	buf    []byte
	pos    int    // buf[pos:end] is unread
	end    int    //
	summed int    // buf[:summed] is in sum
	sum    uint64 //
	base   int64  // where in the file buf begins
}

func newSource(r io.Reader) *source { return &source{r: r, buf: make([]byte, bufferSize)} }

// offset is where in the file the next unread byte is.
func (s *source) offset() int64 { return s.base + int64(s.pos) }

// total is the checksum of all that was read.
func (s *source) total() uint64 {
	s.sum = checksum(s.sum, s.buf[s.summed:s.pos])
	s.summed = s.pos
	return s.sum
}

// fill makes at least n bytes ready. REQUIRES: n <= len(s.buf).
func (s *source) fill(n int) error {
	if s.end-s.pos >= n {
		return nil
	}
	s.total()
	s.base += int64(s.pos)
	s.end = copy(s.buf, s.buf[s.pos:s.end])
	s.pos, s.summed = 0, 0
	for empty := 0; s.end < n; {
		k, err := s.r.Read(s.buf[s.end:])
		s.end += k
		switch {
		case s.end >= n:
			return nil // an error, if there was one, comes again
		case errors.Is(err, io.EOF):
			return ErrTruncated
		case err != nil:
			return err
		case k > 0:
			empty = 0
		default:
			if empty++; empty == emptyReads {
				return io.ErrNoProgress
			}
		}
	}
	return nil
}

func (s *source) byte() (byte, error) {
	if s.pos == s.end {
		if err := s.fill(1); err != nil {
			return 0, err
		}
	}
	b := s.buf[s.pos]
	s.pos++
	return b, nil
}

// unread undoes the last call, of byte.
func (s *source) unread() { s.pos-- }

// peek returns the next byte and leaves it unread.
func (s *source) peek() (byte, error) {
	if err := s.fill(1); err != nil {
		return 0, err
	}
	return s.buf[s.pos], nil
}

// take returns the next n bytes, which stay valid until the next call. REQUIRES: n <= len(s.buf).
func (s *source) take(n int) ([]byte, error) {
	if err := s.fill(n); err != nil {
		return nil, err
	}
	s.pos += n
	return s.buf[s.pos-n : s.pos], nil
}

func (s *source) skip(n int64) error {
	for {
		if ready := int64(s.end - s.pos); n <= ready {
			s.pos += int(n)
			return nil
		} else {
			n -= ready
		}
		s.pos = s.end
		if err := s.fill(1); err != nil {
			return err
		}
	}
}

// appendTo appends the next n bytes to dst.
func (s *source) appendTo(dst []byte, n int64) ([]byte, error) {
	for n > 0 {
		if err := s.fill(1); err != nil {
			return dst, err
		}
		k := int(min(n, int64(s.end-s.pos)))
		dst = append(dst, s.buf[s.pos:s.pos+k]...)
		s.pos += k
		n -= int64(k)
	}
	return dst, nil
}
