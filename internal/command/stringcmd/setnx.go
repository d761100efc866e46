package stringcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
)

var setnx = &command.Spec{
	Name: "setnx", Arity: 3, Flags: command.Write | command.DenyOOM | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "OW insert"},
	Group: "string", Since: "1.0.0", Complexity: "O(1)",
	DeprecatedSince: "2.6.12", ReplacedBy: "`SET` with the `NX` argument",
	Summary: "Sets the string of a key that does not exist yet.",
	Syntax:  "key value",
	Run: func(c *command.Ctx) error {
		if _, ok := c.Tx.Write(c.Args[1]); ok {
			c.Out.Int(0)
			return nil
		}
		if err := c.Tx.PutString(c.Args[1], c.Args[2], keyspace.PutOptions{}, journal.EventSet); err != nil {
			return err
		}
		c.Out.Int(1)
		return nil
	},
}
