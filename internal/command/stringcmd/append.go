package stringcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
)

func (l limit) append() *command.Spec {
	return &command.Spec{
		Name: "append", Arity: 3, Flags: command.Write | command.DenyOOM | command.Fast,
		Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW insert"},
		Group: "string", Since: "2.0.0",
		Complexity: "O(1) amortized for small values: a string that grows is given room ahead of its need.",
		Summary:    "Adds bytes to the end of the string of a key, which is created where it does not exist.",
		Syntax:     "key value",
		Run:        l.runAppend,
	}
}

func (l limit) runAppend(c *command.Ctx) error {
	key, tail := c.Args[1], c.Args[2]
	en, ok, err := c.WriteString(key)
	if err != nil {
		return err
	}
	if !ok {
		if err := c.Tx.PutString(key, tail, keyspace.PutOptions{}, journal.EventAppend); err != nil {
			return err
		}
		c.Out.Int(int64(len(tail)))
		return nil
	}
	n := en.StringLen()
	if err := l.check(int64(n), int64(len(tail))); err != nil {
		return err
	}
	c.Out.Int(int64(n + len(tail)))
	return c.Tx.Append(en, tail, journal.EventAppend)
}
