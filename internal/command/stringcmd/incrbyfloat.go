package stringcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/resp/number"
)

const errNotFinite command.Error = "ERR increment would produce NaN or Infinity"

var incrbyfloat = &command.Spec{
	Name: "incrbyfloat", Arity: 3, Flags: command.Write | command.DenyOOM | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW access update"},
	Group: "string", Since: "2.6.0", Complexity: "O(1)",
	Summary: "Adds to the decimal number that a key holds, 0 where there is no key.",
	Syntax:  "key increment:double",
	Run: func(c *command.Ctx) error {
		key := c.Args[1]
		sum, err := extendedAt(c, key)
		if err != nil {
			return err
		}
		n, ok := number.ParseExtended(c.Args[2])
		if !ok {
			return command.ErrNotFloat
		}
		if sum = sum.Add(n); !sum.IsFinite() {
			return errNotFinite
		}
		text := sum.Append(c.Scratch[:0])
		if err := c.Tx.PutText(key, text, keyspace.PutOptions{KeepTTL: true}, journal.EventIncrByFloat); err != nil {
			return err
		}
		c.Out.Bulk(text)
		return nil
	},
}

// extendedAt is the number that key holds, 0 where it is absent. It does not touch the key: the put that follows does.
func extendedAt(c *command.Ctx, key []byte) (number.Extended, error) {
	en, ok := c.Tx.Peek(key)
	if !ok {
		return number.Extended{}, nil
	}
	if !en.IsString() {
		return number.Extended{}, command.ErrWrongType
	}
	if n, ok := en.Int(); ok {
		return number.ExtendedFromInt(n), nil
	}
	x, ok := number.ParseExtended(en.String(nil))
	if !ok {
		return number.Extended{}, command.ErrNotFloat
	}
	return x, nil
}
