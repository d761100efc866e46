package trace

import (
	"bufio"
	"strconv"
)

// adaptsizeFormat is that of AdaptSize (NSDI'17): "time id size". Its times are request numbers rather than seconds, so
// they are not passed on.
var adaptsizeFormat = &Format{
	Name:    "adaptsize",
	Summary: "AdaptSize traces: time, id, size",
	matches: func(_ string, head []byte) bool { return integerColumns(head) == 3 },
	open:    func(in *bufio.Reader) parser { return &adaptsizeParser{lines{in: in}} },
}

type adaptsizeParser struct{ lines }

func (p *adaptsizeParser) next(r *Request) error {
	line, err := p.lines.next()
	if err != nil {
		return err
	}
	var n [3]int64
	if !parseInts(line, n[:]) || n[2] < 0 {
		return p.errorf("want 3 numbers: time, id, size")
	}
	r.Key = strconv.AppendInt(r.Key, n[1], 10)
	r.Size = int(n[2])
	r.Row = p.row
	return nil
}
