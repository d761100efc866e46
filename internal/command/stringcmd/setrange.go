package stringcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/resp/number"
)

const errOffset command.Error = "ERR offset is out of range"

func (l limit) setrange() *command.Spec {
	return &command.Spec{
		Name: "setrange", Arity: 4, Flags: command.Write | command.DenyOOM,
		Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW update"},
		Group: "string", Since: "2.2.0",
		Complexity: "O(M), M being the length of the value, where the string need not grow.",
		Summary:    "Overwrites a part of the string of a key, which is padded with zero bytes up to there.",
		Syntax:     "key offset:integer value",
		Room:       func(args [][]byte) int64 { return l.roomAt(args[2], 1, int64(len(args[3]))) },
		Run:        l.runSetrange,
	}
}

// roomAt is the size of a string that reaches n bytes beyond an offset, given in units of 1/perByte bytes; 0 when the
// command will refuse it.
func (l limit) roomAt(offset []byte, perByte, n int64) int64 {
	at, ok := number.ParseInt64(offset)
	if !ok || at < 0 || l.check(at/perByte, n) != nil {
		return 0
	}
	return at/perByte + n
}

func (l limit) runSetrange(c *command.Ctx) error {
	key, value := c.Args[1], c.Args[3]
	offset, err := c.Int(2)
	if err != nil {
		return err
	}
	if offset < 0 {
		return errOffset
	}
	en, ok, err := c.WriteString(key)
	if err != nil {
		return err
	}
	n := 0
	if ok {
		n = en.StringLen()
	}
	if len(value) == 0 {
		c.Out.Int(int64(n))
		return nil
	}
	if err := l.check(offset, int64(len(value))); err != nil {
		return err
	}
	end := int(offset) + len(value)
	c.Out.Int(int64(max(n, end)))
	if !ok {
		return c.Tx.PutAt(key, int(offset), value, journal.EventSetRange)
	}
	return c.Tx.SetRange(en, int(offset), value, journal.EventSetRange)
}
