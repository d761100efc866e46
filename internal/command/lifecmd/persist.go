package lifecmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
)

var persist = &command.Spec{
	Name: "persist", Arity: 2, Flags: command.Write | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW update"},
	Group: "generic", Since: "2.2.0", Complexity: "O(1)",
	Summary: "Clears the TTL of a key, which then stays until it is deleted.",
	Syntax:  "key",
	Run: func(c *command.Ctx) error {
		en, ok := c.Tx.Write(c.Args[1])
		if !ok || en.Deadline() == keyspace.None {
			c.Out.Int(0)
			return nil
		}
		c.Out.Int(1)
		_, err := c.Tx.SetDeadline(en, keyspace.None, journal.EventPersist)
		return err
	},
}
