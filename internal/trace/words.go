package trace

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// int32Format is cache2k's: one big-endian 32-bit number per access.
var int32Format = &Format{
	Name:    "int32",
	Summary: "cache2k traces: big-endian 32-bit numbers",
	matches: func(path string, head []byte) bool {
		return len(head) > 0 && !isText(head) && !strings.Contains(path, "corda") && wordWidth(head) == 4
	},
	open: func(in *bufio.Reader) parser { return &wordParser{in: in, width: 4} },
}

// int64Format is that of the Corda traces: one big-endian 64-bit number per access.
var int64Format = &Format{
	Name:    "int64",
	Summary: "Corda traces: big-endian 64-bit numbers",
	matches: func(_ string, head []byte) bool { return len(head) > 0 && !isText(head) },
	open:    func(in *bufio.Reader) parser { return &wordParser{in: in, width: 8} },
}

type wordParser struct {
	in    *bufio.Reader
	width int // bytes
	row   int
}

func (p *wordParser) next(r *Request) error {
	b, err := p.in.Peek(p.width)
	if err != nil {
		if errors.Is(err, io.EOF) && len(b) > 0 {
			return fmt.Errorf("record %d: %d bytes of %d", p.row+1, len(b), p.width)
		}
		return err
	}
	// Both are shown signed, as the Java programs that wrote them would.
	id := int64(binary.BigEndian.Uint32(b[:4]))
	if p.width == 8 {
		id = int64(binary.BigEndian.Uint64(b))
	} else {
		id = int64(int32(id))
	}
	if _, err := p.in.Discard(p.width); err != nil {
		return err
	}
	p.row++
	r.Key = strconv.AppendInt(r.Key, id, 10)
	r.Row = p.row
	return nil
}

// wordWidth guesses whether head is made of 4- or 8-byte numbers. Read as 4-byte words, a trace of 4-byte keys has the
// same keys at even and at odd positions; in one of 8-byte keys the even words are upper halves and the odd ones lower
// halves, which hardly ever meet.
func wordWidth(head []byte) int {
	even := make(map[uint32]bool)
	for i := 0; i+4 <= len(head); i += 8 {
		even[binary.BigEndian.Uint32(head[i:])] = true
	}
	odd, shared := 0, 0
	for i := 4; i+4 <= len(head); i += 8 {
		odd++
		if even[binary.BigEndian.Uint32(head[i:])] {
			shared++
		}
	}
	if odd > 0 && shared*100 < odd*5 {
		return 8
	}
	return 4
}
