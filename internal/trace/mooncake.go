package trace

import (
	"bufio"
	"bytes"
	"encoding/json"
	"strconv"
	"time"
)

// mooncakeFormat is the JSON Lines format of Mooncake (FAST'25): each row is one prompt to a language model, each hash
// id a block of 512 tokens that a prefix cache would look up.
var mooncakeFormat = &Format{
	Name:    "mooncake",
	Summary: "Mooncake JSON Lines: timestamp, hash_ids[]; one access per block of a prompt",
	matches: func(_ string, head []byte) bool {
		line := firstLine(head)
		return len(line) > 0 && line[0] == '{' && bytes.Contains(line, []byte(`"hash_ids"`))
	},
	open: func(in *bufio.Reader) parser { return &mooncakeParser{lines: lines{in: in}} },
}

type mooncakeParser struct {
	lines
	prompt struct {
		Timestamp int64   `json:"timestamp"` // milliseconds
		HashIDs   []int64 `json:"hash_ids"`
	}
	done int // blocks of the prompt already yielded
}

func (p *mooncakeParser) next(r *Request) error {
	for p.done == len(p.prompt.HashIDs) {
		line, err := p.lines.next()
		if err != nil {
			return err
		}
		p.prompt.HashIDs, p.done = p.prompt.HashIDs[:0], 0
		if err := json.Unmarshal(line, &p.prompt); err != nil {
			return p.errorf("%v", err)
		}
	}
	r.Key = strconv.AppendInt(r.Key, p.prompt.HashIDs[p.done], 10)
	r.At = time.Duration(p.prompt.Timestamp) * time.Millisecond
	r.Row = p.row
	p.done++
	return nil
}
