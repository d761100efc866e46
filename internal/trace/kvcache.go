package trace

import (
	"bufio"
	"bytes"
	"time"
)

// kvcacheFormat is the CSV of Meta's key-value cache. A row stands for op_count equal operations.
var kvcacheFormat = &Format{
	Name:    "kvcache",
	Summary: "CacheLib CSV of Meta's key-value cache: op_time,key,key_size,op,op_count,size,...,ttl",
	matches: func(_ string, head []byte) bool { return bytes.HasPrefix(firstLine(head), []byte("op_time,key,")) },
	open:    func(in *bufio.Reader) parser { return &kvcacheParser{table: table{lines: lines{in: in}}} },
}

type kvcacheParser struct {
	table
	current Request // the row being repeated; its key is kept here
	left    int64   // how often it still stands for an operation
}

func (p *kvcacheParser) next(r *Request) error {
	if p.at == nil {
		if err := p.header("op_time", "key", "key_size", "op", "op_count", "size", "ttl"); err != nil {
			return err
		}
	}
	for p.left <= 0 {
		if err := p.load(); err != nil {
			return err
		}
	}
	p.left--
	key := append(r.Key, p.current.Key...)
	*r = p.current
	r.Key = key
	return nil
}

// load reads the next row.
func (p *kvcacheParser) load() error {
	if err := p.table.next(); err != nil {
		return err
	}
	var n [5]int64
	for i, column := range [...]string{"op_time", "key_size", "op_count", "size", "ttl"} {
		var err error
		if n[i], err = p.int(column); err != nil {
			return err
		}
	}
	op, ok := parseOp(p.text("op"))
	if !ok {
		return p.errorf("unknown operation %q", p.text("op"))
	}
	p.current = Request{
		Key: append(p.current.Key[:0], p.text("key")...), Op: op, KeySize: int(n[1]),
		Size: int(n[3]), TTL: seconds(n[4]), At: time.Duration(n[0]) * time.Second, Row: p.lines.row,
	}
	// A read that missed was recorded with size 0: what it would have stored is not known.
	if op == Get && p.current.Size == 0 {
		p.current.Size = NoSize
	}
	p.left = n[2]
	return nil
}

// parseOp maps the operation names of memcached, CacheLib and Twitter. Everything that writes is a Set: a cache sees
// the same object stored again.
func parseOp(name []byte) (Op, bool) {
	switch string(bytes.ToLower(name)) {
	case "get", "gets", "get_lease":
		return Get, true
	case "set", "set_lease", "add", "replace", "cas", "append", "prepend", "incr", "decr":
		return Set, true
	case "delete":
		return Delete, true
	}
	return Get, false
}
