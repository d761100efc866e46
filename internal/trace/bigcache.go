package trace

import (
	"bufio"
	"bytes"
	"time"
)

// bigcacheFormat is CacheLib's CSV of a content network's requests. Every row is a read.
var bigcacheFormat = &Format{
	Name:    "bigcache",
	Summary: "CacheLib CSV of a content network: timestamp,cacheKey,...,objectSize,...,TTL",
	matches: func(_ string, head []byte) bool {
		return bytes.HasPrefix(firstLine(head), []byte("timestamp,cacheKey,"))
	},
	open: func(in *bufio.Reader) parser { return &bigcacheParser{table{lines: lines{in: in}}} },
}

type bigcacheParser struct{ table }

func (p *bigcacheParser) next(r *Request) error {
	if p.at == nil {
		if err := p.header("timestamp", "cacheKey", "objectSize", "TTL"); err != nil {
			return err
		}
	}
	if err := p.table.next(); err != nil {
		return err
	}
	at, err := p.int("timestamp")
	if err != nil {
		return err
	}
	size, err := p.int("objectSize")
	if err != nil {
		return err
	}
	ttl, err := p.int("TTL") // -1: none
	if err != nil {
		return err
	}
	r.Key = append(r.Key, p.text("cacheKey")...)
	r.At = time.Duration(at) * time.Second
	r.Size = int(max(0, size))
	r.TTL = seconds(ttl)
	r.Row = p.row
	return nil
}
