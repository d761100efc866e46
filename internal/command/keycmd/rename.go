package keycmd

import (
	"bytes"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
)

var rename = &command.Spec{
	Name: "rename", Arity: 3, Flags: command.Write,
	Keys: command.Keys{First: 1, Last: 2, Step: 1, Rules: []command.KeyRule{
		{Flags: "RW access delete", Index: 1, Step: 1}, {Flags: "OW update", Index: 2, Step: 1},
	}},
	Group: "generic", Since: "1.0.0", Complexity: "O(1)",
	Summary: "Gives a key another name; a key that has this name is replaced.",
	Syntax:  "key newkey",
	Run: func(c *command.Ctx) error {
		if _, ok := c.Tx.Write(c.Args[1]); !ok {
			return command.ErrNoKey
		}
		c.Out.OK()
		if bytes.Equal(c.Args[1], c.Args[2]) {
			return nil
		}
		return moveName(c)
	},
}

var renamenx = &command.Spec{
	Name: "renamenx", Arity: 3, Flags: command.Write | command.Fast,
	Keys: command.Keys{First: 1, Last: 2, Step: 1, Rules: []command.KeyRule{
		{Flags: "RW access delete", Index: 1, Step: 1}, {Flags: "OW insert", Index: 2, Step: 1},
	}},
	Group: "generic", Since: "1.0.0", Complexity: "O(1)",
	Summary: "Gives a key another name, unless a key has this name already.",
	Syntax:  "key newkey",
	Run: func(c *command.Ctx) error {
		if _, ok := c.Tx.Write(c.Args[1]); !ok {
			return command.ErrNoKey
		}
		if _, ok := c.Tx.Write(c.Args[2]); ok {
			c.Out.Int(0)
			return nil
		}
		c.Out.Int(1)
		return moveName(c)
	},
}

// moveName moves the value of the first argument, which exists, to the second.
func moveName(c *command.Ctx) error {
	en, _ := c.Tx.Peek(c.Args[1])
	return c.Tx.Move(en, c.Tx.DB, c.Args[2], journal.EventRenameFrom, journal.EventRenameTo)
}
