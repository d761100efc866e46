package stringcmd

import (
	"bytes"
	"math"

	"github.com/curfewkv/curfew/internal/command"
)

const (
	errLCSType   command.Error = "ERR The specified keys must contain string values"
	errLCSBoth   command.Error = "ERR If you want both the length and indexes, please just use IDX."
	errLCSLong   command.Error = "ERR String too long for LCS"
	errAbandoned command.Error = "ERR the client went away"
	errLCSTable  command.Error = "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"
)

// lcsCell is the size of a cell of Redis's table in bytes. Ours has cells of a bit, but the work is the same, so the
// limit is.
const lcsCell = 4

func (l limit) lcs() *command.Spec {
	return &command.Spec{
		Name: "lcs", Arity: -3, Flags: command.ReadOnly,
		Keys:  command.Keys{First: 1, Last: 2, Step: 1, Flags: "RO access"},
		Group: "string", Since: "7.0.0", Complexity: "O(N*M), N and M being the lengths of the strings.",
		Summary: "Finds the longest common subsequence of the strings of two keys.",
		Syntax:  "key1:key key2:key [LEN] [IDX] [MINMATCHLEN min-match-len:integer] [WITHMATCHLEN]",
		Run:     l.runLCS,
		Long:    lcsLong,
		Apart:   l.lcsApart,
	}
}

// lcsOptions are the parsed options of LCS.
type lcsOptions struct {
	length, idx, withMatchLen bool
	minMatchLen               int64
}

func parseLCS(c *command.Ctx) (o lcsOptions, err error) {
	for i := 3; i < len(c.Args); i++ {
		switch {
		case c.Is(i, "LEN"):
			o.length = true
		case c.Is(i, "IDX"):
			o.idx = true
		case c.Is(i, "WITHMATCHLEN"):
			o.withMatchLen = true
		case c.Is(i, "MINMATCHLEN") && i+1 < len(c.Args):
			i++
			if o.minMatchLen, err = c.Int(i); err != nil {
				return o, err
			}
		default:
			return o, command.ErrSyntax
		}
	}
	if o.length && o.idx {
		return o, errLCSBoth
	}
	return o, nil
}

// lcsAtOnce is how many cells are computed without other clients noticing: about a millisecond.
const lcsAtOnce = 1 << 20

func (l limit) runLCS(c *command.Ctx) error {
	a, b, o, err := l.lcsOperands(c)
	if err != nil {
		return err
	}
	return replyLCS(c, a, b, o)
}

// lcsLong reports whether there are many cells to compute.
func lcsLong(c *command.Ctx) bool {
	cells := uint64(1)
	for _, key := range c.Args[1:3] {
		en, ok := c.Tx.Peek(key)
		if !ok || !en.IsString() {
			return false
		}
		cells *= uint64(en.StringLen() + 1)
	}
	return cells > lcsAtOnce
}

// lcsApart computes on the strings as they are now, without the locks.
func (l limit) lcsApart(c *command.Ctx) error {
	c.Tx.LockSet(c.Tx.ShardBit(c.Args[1]) | c.Tx.ShardBit(c.Args[2]))
	a, b, o, err := l.lcsOperands(c)
	if err != nil {
		c.Tx.Unlock()
		return err
	}
	a, releaseA := stay(c, c.Args[1], a)
	b, releaseB := stay(c, c.Args[2], b)
	c.Tx.Unlock()
	defer releaseA()
	defer releaseB()
	return replyLCS(c, a, b, o)
}

// stay makes the string of a key one that stays what it is without the locks: a large one by reference, for copying it would
// hold up others, any other as a copy.
func stay(c *command.Ctx, key, value []byte) (stays []byte, release func()) {
	if en, ok := c.Tx.Peek(key); ok {
		if r, ok := en.Share(0, len(value)); ok {
			return r.Bytes(), r.Release
		}
	}
	return bytes.Clone(value), func() {}
}

// lcsOperands are the strings and the options.
func (l limit) lcsOperands(c *command.Ctx) (a, b []byte, o lcsOptions, err error) {
	// Redis looks at the types before it reads the options. Both lookups come before the values: the second one may
	// expire its key.
	for _, key := range c.Args[1:3] {
		if en, ok := c.Tx.Read(key); ok && !en.IsString() {
			return nil, nil, o, errLCSType
		}
	}
	if o, err = parseLCS(c); err != nil {
		return nil, nil, o, err
	}
	a, b = stringOrEmpty(c, c.Args[1]), stringOrEmpty(c, c.Args[2])
	if len(a) >= math.MaxUint32-1 || len(b) >= math.MaxUint32-1 {
		return nil, nil, o, errLCSLong
	}
	if cells := uint64(len(a)+1) * uint64(len(b)+1); cells > uint64(l.maxBulk())/lcsCell {
		return nil, nil, o, errLCSTable
	}
	return a, b, o, nil
}

func replyLCS(c *command.Ctx, a, b []byte, o lcsOptions) error {
	length, up, ok := lcsTable(a, b, !o.length, c.Abandoned)
	switch {
	case !ok:
		return errAbandoned
	case o.length:
		c.Out.Int(int64(length))
	case o.idx:
		replyMatches(c, a, b, length, up, o)
	default:
		c.Out.Bulk(commonBytes(a, b, length, up))
	}
	return nil
}

// stringOrEmpty is the string that key holds, empty where it is absent.
func stringOrEmpty(c *command.Ctx, key []byte) []byte {
	if en, ok := c.Tx.Peek(key); ok {
		return en.String(nil)
	}
	return nil
}

// replyMatches replies the runs that a and b have in common, from the last one to the first, and their total length.
func replyMatches(c *command.Ctx, a, b []byte, length int, up bitTable, o lcsOptions) {
	c.Out.Map(2)
	c.Out.BulkString("matches")
	list, n := c.Out.DeferArray(), 0
	commonRuns(a, b, up, func(atA, atB, size int) {
		if int64(size) < o.minMatchLen {
			return
		}
		n++
		if o.withMatchLen {
			c.Out.Array(3)
		} else {
			c.Out.Array(2)
		}
		for _, at := range []int{atA, atB} {
			c.Out.Array(2)
			c.Out.Int(int64(at))
			c.Out.Int(int64(at + size - 1))
		}
		if o.withMatchLen {
			c.Out.Int(int64(size))
		}
	})
	c.Out.Close(list, n)
	c.Out.BulkString("len")
	c.Out.Int(int64(length))
}
