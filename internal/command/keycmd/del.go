package keycmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
)

var del = &command.Spec{
	Name: "del", Arity: -2, Flags: command.Write,
	Keys:  command.Keys{First: 1, Last: -1, Step: 1, Flags: "RM delete"},
	Group: "generic", Since: "1.0.0", Complexity: "O(N), N being the number of keys; O(M) for a collection of M elements.",
	Tips:    "request_policy:multi_shard response_policy:agg_sum",
	Summary: "Deletes keys.",
	Syntax:  "key [key ...]",
	Run:     runDel,
}

var unlink = &command.Spec{
	Name: "unlink", Arity: -2, Flags: command.Write | command.Fast,
	Keys:  command.Keys{First: 1, Last: -1, Step: 1, Flags: "RM delete"},
	Group: "generic", Since: "4.0.0", Complexity: "O(1) for each key; the memory of a collection is given back later.",
	Tips:    "request_policy:multi_shard response_policy:agg_sum",
	Summary: "Deletes keys, and gives back the memory of large ones later.",
	Syntax:  "key [key ...]",
	Run:     runDel,
}

// runDel serves both: a string is one block, which is freed at once and at no cost.
func runDel(c *command.Ctx) error {
	n := 0
	for _, key := range c.Args[1:] {
		if en, ok := c.Tx.Peek(key); ok {
			c.Tx.Delete(en, journal.EventDel)
			n++
		}
	}
	c.Out.Int(int64(n))
	return nil
}
