package stringcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
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

// bitOffset parses the position of a bit. Bit 0 is the highest of the first byte.
func (l limit) bitOffset(c *command.Ctx, arg int) (int64, error) {
	n, ok := number.ParseInt64(c.Args[arg])
	if !ok || n < 0 || n>>3 >= l.maxBulk() {
		return 0, errBitOffset
	}
	return n, nil
}

// mask is the bit in its byte.
func mask(bit int64) byte { return 0x80 >> (bit & 7) }

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
	bit, err := l.bitOffset(c, 2)
	if err != nil {
		return err
	}
	on, err := parseBit(c.Args[3])
	if err != nil {
		return err
	}
	en, ok, err := c.WriteString(key)
	if err != nil {
		return err
	}
	if !ok {
		c.Out.Int(0)
		c.Scratch[0] = 0
		if on {
			c.Scratch[0] = mask(bit)
		}
		return c.Tx.PutAt(key, int(bit>>3), c.Scratch[:1], journal.EventSetBit)
	}
	replyBit(c, bitAt(en.String(c.Scratch[:0]), bit))
	return c.Tx.SetBit(en, bit, on, journal.EventSetBit)
}

func (l limit) runGetbit(c *command.Ctx) error {
	bit, err := l.bitOffset(c, 2)
	if err != nil {
		return err
	}
	en, ok, err := c.StringEntry(c.Args[1])
	if err != nil {
		return err
	}
	on := false
	if ok {
		on = bitAt(en.String(c.Scratch[:0]), bit)
	}
	replyBit(c, on)
	return nil
}

// bitAt is a bit of a string, 0 beyond its end.
func bitAt(s []byte, bit int64) bool {
	at := int(bit >> 3)
	return at < len(s) && s[at]&mask(bit) != 0
}

func replyBit(c *command.Ctx, on bool) {
	if on {
		c.Out.Int(1)
		return
	}
	c.Out.Int(0)
}
