package trace

import (
	"bufio"
	"strings"
)

// lirsFormat is the format of the LIRS authors: one block number per row; rows of "*" separate phases.
var lirsFormat = &Format{
	Name:    "lirs",
	Summary: "LIRS traces: one number per row, rows of * skipped",
	matches: func(path string, head []byte) bool {
		return integerColumns(head) == 1 && !strings.Contains(path, ".txt")
	},
	open: func(in *bufio.Reader) parser { return &lirsParser{lines{in: in}} },
}

type lirsParser struct{ lines }

func (p *lirsParser) next(r *Request) error {
	for {
		line, err := p.lines.next()
		if err != nil {
			return err
		}
		if line[0] == '*' {
			continue
		}
		if _, ok := parseInt(line); !ok {
			return p.errorf("want one number")
		}
		r.Key = append(r.Key, line...)
		r.Row = p.row
		return nil
	}
}
