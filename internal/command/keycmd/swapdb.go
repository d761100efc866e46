package keycmd

import "github.com/curfewkv/curfew/internal/command"

const (
	errFirstDB  command.Error = "ERR invalid first DB index"
	errSecondDB command.Error = "ERR invalid second DB index"
)

var swapdb = &command.Spec{
	Name: "swapdb", Arity: 3, Flags: command.Write | command.Fast | command.AllShards,
	Group: "server", Since: "4.0.0", Complexity: "O(N), N being the number of clients that watch keys of the two databases.",
	Summary:    "Exchanges two databases.",
	Syntax:     "index1:integer index2:integer",
	Categories: "@keyspace @dangerous",
	Run: func(c *command.Ctx) error {
		first, err := int32Or(c, 1, errFirstDB)
		if err != nil {
			return err
		}
		second, err := int32Or(c, 2, errSecondDB)
		if err != nil {
			return err
		}
		a, err := knownDB(c, first)
		if err != nil {
			return err
		}
		b, err := knownDB(c, second)
		if err != nil {
			return err
		}
		if a != b {
			c.Tx.Swap(a, b)
		}
		c.Out.OK()
		return nil
	},
}
