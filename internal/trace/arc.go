package trace

import (
	"bufio"
	"strconv"
)

// arcFormat is the block trace format of the ARC paper (Megiddo and Modha, FAST'03): "start count ignored request", which
// stands for accesses to the blocks start, start+1, ... start+count-1.
var arcFormat = &Format{
	Name:    "arc",
	Summary: "ARC block traces: start, count, ignored, request number; one access per block",
	matches: func(_ string, head []byte) bool { return integerColumns(head) == 4 },
	open:    func(in *bufio.Reader) parser { return &arcParser{lines: lines{in: in}} },
}

type arcParser struct {
	lines
	block, left int64 // what is left of the current row
}

func (p *arcParser) next(r *Request) error {
	for p.left == 0 {
		line, err := p.lines.next()
		if err != nil {
			return err
		}
		var n [4]int64
		if !parseInts(line, n[:]) || n[1] < 0 {
			return p.errorf("want 4 numbers: start, count, ignored, request number")
		}
		p.block, p.left = n[0], n[1]
	}
	r.Key = strconv.AppendInt(r.Key, p.block, 10)
	r.Row = p.row
	p.block++
	p.left--
	return nil
}
