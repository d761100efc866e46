package keycmd

import (
	"bytes"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
)

var copyKey = &command.Spec{
	Name: "copy", Arity: -3, Flags: command.Write | command.DenyOOM,
	Keys: command.Keys{First: 1, Last: 2, Step: 1, Rules: []command.KeyRule{
		{Flags: "RO access", Index: 1, Step: 1}, {Flags: "OW update", Index: 2, Step: 1},
	}},
	Group: "generic", Since: "6.2.0", Complexity: "O(1) for a string, O(N) for a collection of N elements.",
	Summary: "Copies what a key holds, and its TTL, to another key.",
	Syntax:  "source destination [DB destination-db:integer] [REPLACE]",
	Run:     runCopy,
}

func parseCopy(c *command.Ctx) (db int, replace bool, err error) {
	db = c.Tx.DB
	for i := 3; i < len(c.Args); i++ {
		switch {
		case c.Is(i, "REPLACE"):
			replace = true
		case c.Is(i, "DB") && i+1 < len(c.Args):
			i++
			if db, err = dbIndex(c, i); err != nil {
				return 0, false, err
			}
		default:
			return 0, false, command.ErrSyntax
		}
	}
	return db, replace, nil
}

func runCopy(c *command.Ctx) error {
	db, replace, err := parseCopy(c)
	if err != nil {
		return err
	}
	from, to := c.Args[1], c.Args[2]
	if db == c.Tx.DB && bytes.Equal(from, to) {
		return command.ErrSameObject
	}
	if _, ok := c.Tx.Read(from); !ok {
		c.Out.Int(0)
		return nil
	}
	if _, taken := c.Tx.PeekIn(db, to); taken && !replace {
		c.Out.Int(0)
		return nil
	}
	c.Out.Int(1)
	// Again, because looking the destination up may have expired it.
	en, _ := c.Tx.Peek(from)
	return c.Tx.CopyTo(en, db, to, journal.EventCopyTo)
}
