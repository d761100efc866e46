package keycmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
)

var move = &command.Spec{
	Name: "move", Arity: 3, Flags: command.Write | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW access update"},
	Group: "generic", Since: "1.0.0", Complexity: "O(1)",
	Summary: "Moves a key to another database, unless a key has its name there already.",
	Syntax:  "key db:integer",
	Run: func(c *command.Ctx) error {
		key := c.Args[1]
		db, err := dbIndex(c, 2)
		if err != nil {
			return err
		}
		if db == c.Tx.DB {
			return command.ErrSameObject
		}
		en, ok := c.Tx.Write(key)
		if !ok {
			c.Out.Int(0)
			return nil
		}
		if _, taken := c.Tx.PeekIn(db, key); taken {
			c.Out.Int(0)
			return nil
		}
		c.Out.Int(1)
		return c.Tx.Move(en, db, key, journal.EventMoveFrom, journal.EventMoveTo)
	},
}
