package stringcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
)

var mset = &command.Spec{
	Name: "mset", Arity: -3, Flags: command.Write | command.DenyOOM,
	Keys:  command.Keys{First: 1, Last: -1, Step: 2, Flags: "OW update"},
	Group: "string", Since: "1.0.1", Complexity: "O(N), N being the number of keys.",
	Tips:    "request_policy:multi_shard response_policy:all_succeeded",
	Summary: "Sets the strings of several keys at one instant.",
	Syntax:  "key value [key value ...]",
	Run: func(c *command.Ctx) error {
		if err := putPairs(c); err != nil {
			return err
		}
		c.Out.OK()
		return nil
	},
}

var msetnx = &command.Spec{
	Name: "msetnx", Arity: -3, Flags: command.Write | command.DenyOOM,
	Keys:  command.Keys{First: 1, Last: -1, Step: 2, Flags: "OW insert"},
	Group: "string", Since: "1.0.1", Complexity: "O(N), N being the number of keys.",
	Summary: "Sets the strings of several keys at one instant, if none of the keys exists yet.",
	Syntax:  "key value [key value ...]",
	Run: func(c *command.Ctx) error {
		if len(c.Args)%2 == 0 {
			return command.ErrWrongArgs(c.Spec.Full)
		}
		for i := 1; i < len(c.Args); i += 2 {
			if _, ok := c.Tx.Write(c.Args[i]); ok {
				c.Out.Int(0)
				return nil
			}
		}
		if err := putPairs(c); err != nil {
			return err
		}
		c.Out.Int(1)
		return nil
	},
}

// putPairs sets the keys and values that are the arguments, all or none.
func putPairs(c *command.Ctx) error {
	if len(c.Args)%2 == 0 {
		return command.ErrWrongArgs(c.Spec.Full)
	}
	if err := c.Tx.ReservePairs(c.Args[1:]); err != nil {
		return err
	}
	for i := 1; i < len(c.Args); i += 2 {
		if err := c.Tx.PutString(c.Args[i], c.Args[i+1], keyspace.PutOptions{}, journal.EventSet); err != nil {
			return err
		}
	}
	return nil
}
