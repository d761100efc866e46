package trace

import (
	"bufio"
	"bytes"
)

// textFormat is the plainest one: each row is a key, whatever it holds.
var textFormat = &Format{
	Name:    "text",
	Summary: "plain text: one key per row",
	matches: func(_ string, head []byte) bool {
		return isText(head) && !bytes.ContainsAny(firstLine(head), " \t,")
	},
	open: func(in *bufio.Reader) parser { return &textParser{lines{in: in}} },
}

type textParser struct{ lines }

func (p *textParser) next(r *Request) error {
	line, err := p.lines.next()
	if err != nil {
		return err
	}
	r.Key = append(r.Key, line...)
	r.Row = p.row
	return nil
}
