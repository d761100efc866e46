package stringcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
)

var getex = &command.Spec{
	Name: "getex", Arity: -2, Flags: command.Write | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW access update"},
	Group: "string", Since: "6.2.0", Complexity: "O(1)",
	Summary: "Reads the string that a key holds and sets or clears the TTL of the key.",
	Syntax:  "key [" + ttlSyntax + " | PERSIST]",
	Run:     runGetex,
}

func parseGetex(c *command.Ctx) (ttl ttlOption, persist bool, err error) {
	for i := 2; i < len(c.Args); i++ {
		switch {
		case c.Is(i, "PERSIST") && ttl.unit == none:
			persist = true
		case !persist && ttl.take(c, i):
			i++
		default:
			return ttl, false, command.ErrSyntax
		}
	}
	return ttl, persist, nil
}

func runGetex(c *command.Ctx) error {
	ttl, persist, err := parseGetex(c)
	if err != nil {
		return err
	}
	en, ok, err := c.StringEntry(c.Args[1])
	if err != nil {
		return err
	}
	if !ok {
		c.Out.Null()
		return nil
	}
	// Redis reads the number only now: on an absent key a bad one is no error.
	at, err := ttl.deadline(c)
	if err != nil {
		return err
	}
	reply(c, en)
	switch {
	case ttl.unit.absolute() && c.Tx.Due(at):
		c.Tx.Delete(en, journal.EventDel)
	case ttl.unit != none:
		_, err = c.Tx.SetDeadline(en, at, journal.EventExpire)
	case persist && en.Deadline() != keyspace.None:
		_, err = c.Tx.SetDeadline(en, keyspace.None, journal.EventPersist)
	}
	return err
}
