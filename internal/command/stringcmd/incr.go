package stringcmd

import (
	"math"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/resp/number"
)

const errDecrOverflow command.Error = "ERR decrement would overflow"

var incr = &command.Spec{
	Name: "incr", Arity: 2, Flags: command.Write | command.DenyOOM | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW access update"},
	Group: "string", Since: "1.0.0", Complexity: "O(1)",
	Summary: "Adds one to the integer that a key holds, 0 where there is no key.",
	Syntax:  "key",
	Run:     func(c *command.Ctx) error { return incrBy(c, 1) },
}

var decr = &command.Spec{
	Name: "decr", Arity: 2, Flags: command.Write | command.DenyOOM | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW access update"},
	Group: "string", Since: "1.0.0", Complexity: "O(1)",
	Summary: "Subtracts one from the integer that a key holds, 0 where there is no key.",
	Syntax:  "key",
	Run:     func(c *command.Ctx) error { return incrBy(c, -1) },
}

var incrby = &command.Spec{
	Name: "incrby", Arity: 3, Flags: command.Write | command.DenyOOM | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW access update"},
	Group: "string", Since: "1.0.0", Complexity: "O(1)",
	Summary: "Adds to the integer that a key holds, 0 where there is no key.",
	Syntax:  "key increment:integer",
	Run: func(c *command.Ctx) error {
		n, err := c.Int(2)
		if err != nil {
			return err
		}
		return incrBy(c, n)
	},
}

var decrby = &command.Spec{
	Name: "decrby", Arity: 3, Flags: command.Write | command.DenyOOM | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW access update"},
	Group: "string", Since: "1.0.0", Complexity: "O(1)",
	Summary: "Subtracts from the integer that a key holds, 0 where there is no key.",
	Syntax:  "key decrement:integer",
	Run: func(c *command.Ctx) error {
		n, err := c.Int(2)
		if err != nil {
			return err
		}
		if n == math.MinInt64 {
			return errDecrOverflow
		}
		return incrBy(c, -n)
	},
}

// incrBy adds n to the integer of the command's key and replies the sum. The key keeps its deadline.
func incrBy(c *command.Ctx, n int64) error {
	key := c.Args[1]
	sum, err := integerAt(c, key)
	if err != nil {
		return err
	}
	if n > 0 && sum > math.MaxInt64-n || n < 0 && sum < math.MinInt64-n {
		return command.ErrOverflow
	}
	sum += n
	if err := c.Tx.PutInt(key, sum, keyspace.PutOptions{KeepTTL: true}, journal.EventIncrBy); err != nil {
		return err
	}
	c.Out.Int(sum)
	return nil
}

// integerAt is the integer that key holds, 0 where it is absent. It does not touch the key: the put that follows does.
func integerAt(c *command.Ctx, key []byte) (int64, error) {
	en, ok := c.Tx.Peek(key)
	if !ok {
		return 0, nil
	}
	if !en.IsString() {
		return 0, command.ErrWrongType
	}
	if n, ok := en.Int(); ok {
		return n, nil
	}
	n, ok := number.ParseInt64(en.String(nil))
	if !ok {
		return 0, command.ErrNotInteger
	}
	return n, nil
}
