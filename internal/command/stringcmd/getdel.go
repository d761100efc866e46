package stringcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
)

var getdel = &command.Spec{
	Name: "getdel", Arity: 2, Flags: command.Write | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW access delete"},
	Group: "string", Since: "6.2.0", Complexity: "O(1)",
	Summary: "Reads the string that a key holds and deletes the key.",
	Syntax:  "key",
	Run: func(c *command.Ctx) error {
		en, ok, err := c.StringEntry(c.Args[1])
		if err != nil {
			return err
		}
		if !ok {
			c.Out.Null()
			return nil
		}
		reply(c, en)
		c.Tx.Delete(en, journal.EventDel)
		return nil
	},
}
