package trace

import (
	"bufio"
	"bytes"
	"time"
)

// twitterFormat is the CSV of Twitter's production clusters (Yang, Yue and Rashmi, OSDI'20), which has no header:
// "timestamp,key,key_size,value_size,client_id,operation,TTL".
var twitterFormat = &Format{
	Name:    "twitter",
	Summary: "Twitter CSV: timestamp,key,key_size,value_size,client_id,operation,TTL",
	matches: func(_ string, head []byte) bool {
		var row twitterRow
		return isText(head) && row.split(firstLine(head))
	},
	open: func(in *bufio.Reader) parser { return &twitterParser{lines{in: in}} },
}

type twitterParser struct{ lines }

func (p *twitterParser) next(r *Request) error {
	line, err := p.lines.next()
	if err != nil {
		return err
	}
	var row twitterRow
	if !row.split(line) {
		return p.errorf("want timestamp,key,key_size,value_size,client_id,operation,TTL")
	}
	r.Key = append(r.Key, row.key...)
	r.Op = row.op
	r.KeySize = int(row.keySize)
	r.Size = int(row.valueSize)
	r.At = time.Duration(row.at) * time.Second
	r.TTL = seconds(row.ttl)
	r.Row = p.row
	// A read that missed was recorded with size 0: what it would have stored is not known.
	if row.op == Get && row.valueSize == 0 {
		r.Size = NoSize
	}
	return nil
}

type twitterRow struct {
	key                         []byte
	op                          Op
	at, keySize, valueSize, ttl int64
}

// split takes the row apart from both ends, for a key may hold commas.
func (t *twitterRow) split(line []byte) bool {
	first := bytes.IndexByte(line, ',')
	if first < 0 {
		return false
	}
	var last [5][]byte // key_size, value_size, client_id, operation, TTL
	rest := line[first+1:]
	for i := len(last) - 1; i >= 0; i-- {
		comma := bytes.LastIndexByte(rest, ',')
		if comma < 0 {
			return false
		}
		last[i], rest = rest[comma+1:], rest[:comma]
	}
	var ok [5]bool
	t.key = rest
	t.at, ok[0] = parseInt(line[:first])
	t.keySize, ok[1] = parseInt(last[0])
	t.valueSize, ok[2] = parseInt(last[1])
	t.op, ok[3] = parseOp(last[3])
	t.ttl, ok[4] = parseInt(last[4])
	return ok == [5]bool{true, true, true, true, true} && t.keySize >= 0 && t.valueSize >= 0
}
