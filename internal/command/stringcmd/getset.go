package stringcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
)

var getset = &command.Spec{
	Name: "getset", Arity: 3, Flags: command.Write | command.DenyOOM | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW access update"},
	Group: "string", Since: "1.0.0", Complexity: "O(1)",
	DeprecatedSince: "6.2.0", ReplacedBy: "`SET` with the `!GET` argument",
	Summary: "Sets the string of a key and replies the one that it held before.",
	Syntax:  "key value",
	Run: func(c *command.Ctx) error {
		if _, err := replyString(c, c.Args[1]); err != nil {
			return err
		}
		return c.Tx.PutString(c.Args[1], c.Args[2], keyspace.PutOptions{}, journal.EventSet)
	},
}
