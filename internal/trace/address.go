package trace

import (
	"bufio"
	"bytes"
)

// addressFormat is that of UCSD's CPU address traces: "l|s 0xADDRESS n". Loads and stores both count as reads of the
// address: a store to memory fetches its cache line too.
var addressFormat = &Format{
	Name:    "address",
	Summary: "CPU address traces: l|s 0xADDRESS n",
	matches: func(_ string, head []byte) bool {
		_, ok := parseAddress(firstLine(head))
		return ok && isText(head)
	},
	open: func(in *bufio.Reader) parser { return &addressParser{lines{in: in}} },
}

type addressParser struct{ lines }

func (p *addressParser) next(r *Request) error {
	line, err := p.lines.next()
	if err != nil {
		return err
	}
	address, ok := parseAddress(line)
	if !ok {
		return p.errorf("want l or s, an address that begins with 0x, and a number")
	}
	r.Key = append(r.Key, address...)
	r.Row = p.row
	return nil
}

// parseAddress returns the row's address.
func parseAddress(line []byte) ([]byte, bool) {
	if len(line) < 6 || (line[0] != 'l' && line[0] != 's') || line[1] != ' ' {
		return nil, false
	}
	address, count, ok := bytes.Cut(line[2:], []byte{' '})
	if !ok || !bytes.HasPrefix(address, []byte("0x")) || len(address) == 2 {
		return nil, false
	}
	_, ok = parseInt(count)
	return address, ok
}
