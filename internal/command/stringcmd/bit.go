package stringcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/resp/number"
)

const (
	errBitOffset command.Error = "ERR bit offset is not an integer or out of range"
	errBit       command.Error = "ERR bit is not an integer or out of range"
)

func (l limit) setbit() *command.Spec {
	return &command.Spec{
		Name: "setbit", Arity: 4, Flags: command.Write | command.DenyOOM,
		Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW access update"},
		Group: "bitmap", Since: "2.2.0", Complexity: "O(1)",
		Summary: "Sets or clears one bit of the string of a key, which is padded with zero bytes up to there.",
		Syntax:  "key offset:integer value:integer",
		Room:    func(args [][]byte) int64 { return l.roomAt(args[2], 8, 1) },
		Run:     l.runSetbit,
	}
}

func (l limit) getbit() *command.Spec {
	return &command.Spec{
		Name: "getbit", Arity: 3, Flags: command.ReadOnly | command.Fast,
		Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RO access"},
		Group: "bitmap", Since: "2.2.0", Complexity: "O(1)",
		Summary: "Reads one bit of the string that a key holds, 0 beyond its end.",
		Syntax:  "key offset:integer",
		Run:     l.runGetbit,
	}
}

// bitOffset parses the position of a bit: its byte, and the mask of the bit in it. Bit 0 is the highest of a byte.
func (l limit) bitOffset(c *command.Ctx, arg int) (at int, mask byte, err error) {
	n, ok := number.ParseInt64(c.Args[arg])
	if !ok || n < 0 || n>>3 >= l.maxBulk() {
		return 0, 0, errBitOffset
	}
	return int(n >> 3), 0x80 >> (n & 7), nil
}

// parseBit reads 0 or 1.
func parseBit(b []byte) (on bool, err error) {
	n, ok := number.ParseInt64(b)
	if !ok || n&^1 != 0 {
		return false, errBit
	}
	return n == 1, nil
}

func (l limit) runSetbit(c *command.Ctx) error {
	key := c.Args[1]
	at, mask, err := l.bitOffset(c, 2)
	if err != nil {
		return err
	}
	on, err := parseBit(c.Args[3])
	if err != nil {
		return err
	}
	var set byte
	if on {
		set = mask
	}
	en, ok, err := c.WriteString(key)
	if err != nil {
		return err
	}
	if !ok {
		c.Out.Int(0)
		c.Scratch[0] = set
		return c.Tx.PutAt(key, at, c.Scratch[:1], eventSetBit)
	}
	was, inside := bitAt(en.String(c.Scratch[:0]), at, mask)
	replyBit(c, was)
	// As in Redis the string becomes plain bytes even where the bit is as it was, which is no change.
	b, err := c.Tx.Extend(&en, at+1)
	if err != nil || inside && was == on {
		return err
	}
	b[at] = b[at]&^mask | set
	c.Tx.Wrote(en, eventSetBit)
	return nil
}

func (l limit) runGetbit(c *command.Ctx) error {
	at, mask, err := l.bitOffset(c, 2)
	if err != nil {
		return err
	}
	en, ok, err := c.StringEntry(c.Args[1])
	if err != nil {
		return err
	}
	on := false
	if ok {
		on, _ = bitAt(en.String(c.Scratch[:0]), at, mask)
	}
	replyBit(c, on)
	return nil
}

// bitAt is the bit of byte at under mask, and whether the string reaches it.
func bitAt(s []byte, at int, mask byte) (on, inside bool) {
	if at >= len(s) {
		return false, false
	}
	return s[at]&mask != 0, true
}

func replyBit(c *command.Ctx, on bool) {
	if on {
		c.Out.Int(1)
		return
	}
	c.Out.Int(0)
}
