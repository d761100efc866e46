package conncmd

import (
	"math"

	"github.com/curfewkv/curfew/internal/command"
)

var selectDB = &command.Spec{
	Name: "select", Arity: 2, Flags: command.Loading | command.Stale | command.Fast, Group: "connection", Since: "1.0.0",
	Complexity: "O(1)", Summary: "Chooses the database that the connection's commands work on.", Syntax: "index:integer",
	Run: func(c *command.Ctx) error {
		n, err := c.Int(1)
		switch {
		case err != nil:
			return err
		case n < math.MinInt32 || n > math.MaxInt32:
			return command.Errorf("ERR value is out of range, value must between %d and %d", math.MinInt32, math.MaxInt32)
		case n < 0 || n >= int64(c.Tx.Keyspace().Databases()):
			return command.ErrDBIndex
		}
		c.Session.SetDB(int(n))
		c.Out.OK()
		return nil
	},
}
