package stringcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
)

var setex = &command.Spec{
	Name: "setex", Arity: 4, Flags: command.Write | command.DenyOOM,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "OW update"},
	Group: "string", Since: "2.0.0", Complexity: "O(1)",
	DeprecatedSince: "2.6.12", ReplacedBy: "`SET` with the `EX` argument",
	Summary: "Sets the string of a key and its TTL in seconds.",
	Syntax:  "key seconds:integer value",
	Run:     func(c *command.Ctx) error { return setWithTTL(c, seconds) },
}

var psetex = &command.Spec{
	Name: "psetex", Arity: 4, Flags: command.Write | command.DenyOOM,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "OW update"},
	Group: "string", Since: "2.6.0", Complexity: "O(1)",
	DeprecatedSince: "2.6.12", ReplacedBy: "`SET` with the `PX` argument",
	Summary: "Sets the string of a key and its TTL in milliseconds.",
	Syntax:  "key milliseconds:integer value",
	Run:     func(c *command.Ctx) error { return setWithTTL(c, milliseconds) },
}

func setWithTTL(c *command.Ctx, unit ttlUnit) error {
	at, err := ttlOption{unit: unit, arg: 2}.deadline(c)
	if err != nil {
		return err
	}
	if err := c.Tx.PutString(c.Args[1], c.Args[3], keyspace.PutOptions{Deadline: at}, journal.EventSet); err != nil {
		return err
	}
	c.Out.OK()
	return nil
}
