package keycmd

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/resp"
	"github.com/curfewkv/curfew/resp/number"
)

const (
	errCursor   command.Error = "ERR invalid cursor"
	errNoValues command.Error = "ERR NOVALUES option can only be used in HSCAN"
)

// scanCount is the COUNT of a SCAN that has none.
const scanCount = 10

var scan = &command.Spec{
	Name: "scan", Arity: -2, Flags: command.ReadOnly | command.TouchesArbitraryKeys | command.AllShards,
	Group: "generic", Since: "2.8.0", Complexity: "O(1) for a call, O(N) for a whole scan of N keys.",
	Tips:    "nondeterministic_output request_policy:special response_policy:special",
	Summary: "Lists the keys of the database in steps, between which it may change.",
	Syntax:  "cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [TYPE type]",
	Run:     runScan,
}

// scanOptions are the parsed arguments of SCAN.
type scanOptions struct {
	cursor   uint64
	count    int64
	match    matcher
	typeName string // in lower case; any type when empty
}

func parseScan(c *command.Ctx) (o scanOptions, err error) {
	if o.cursor, err = parseCursor(c.Args[1]); err != nil {
		return o, err
	}
	o.count, o.match.all = scanCount, true
	for i := 2; i < len(c.Args); i += 2 {
		if c.Is(i, "NOVALUES") {
			return o, errNoValues
		}
		if i+1 == len(c.Args) {
			return o, command.ErrSyntax
		}
		switch {
		case c.Is(i, "COUNT"):
			if o.count, err = c.Int(i + 1); err != nil {
				return o, err
			}
			if o.count < 1 {
				return o, command.ErrSyntax
			}
		case c.Is(i, "MATCH"):
			o.match = newMatcher(c.Args[i+1])
		case c.Is(i, "TYPE"):
			// A type that does not exist is no error in Redis 7: nothing is of it.
			o.typeName = lower(c.Args[i+1])
		default:
			return o, command.ErrSyntax
		}
	}
	return o, nil
}

// parseCursor reads a cursor. It need not be spelled as we gave it: a sign and leading zeros are fine, as in Redis.
func parseCursor(b []byte) (uint64, error) {
	if n, ok := number.ParseUint64(b); ok {
		return n, nil
	}
	n, err := strconv.ParseUint(string(bytes.TrimPrefix(b, []byte("+"))), 10, 64)
	if err != nil {
		return 0, errCursor
	}
	return n, nil
}

func runScan(c *command.Ctx) error {
	o, err := parseScan(c)
	if err != nil {
		return err
	}
	mark, n := c.Out.Mark(), 0
	next := c.Tx.Scan(o.cursor, int(o.count), func(en keyspace.Entry) {
		if o.typeName != "" && o.typeName != en.Type() {
			return
		}
		if key := en.Key(); o.match.match(key) {
			c.Out.Bulk(key)
			n++
		}
	})
	// What precedes the keys in the reply is known only now.
	var space [64]byte
	head := resp.Writer{Buf: space[:0], Proto: c.Out.Proto}
	head.Array(2)
	head.Bulk(strconv.AppendUint(c.Scratch[:0], next, 10))
	head.Array(n)
	c.Out.Buf = slices.Insert(c.Out.Buf, mark, head.Buf...)
	return nil
}

// lower is a type's name in lower case, "?" for the empty one, which is not any type.
func lower(name []byte) string {
	if len(name) == 0 {
		return "?"
	}
	out := bytes.Clone(name)
	for i, ch := range out {
		if 'A' <= ch && ch <= 'Z' {
			out[i] = ch - 'A' + 'a'
		}
	}
	return string(out)
}
