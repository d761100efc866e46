package lifecmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/keyspace"
)

// What these commands reply instead of a time.
const (
	noKey      = -2
	noDeadline = -1
)

var ttl = &command.Spec{
	Name: "ttl", Arity: 2, Flags: command.ReadOnly | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RO access"},
	Group: "generic", Since: "1.0.0", Complexity: "O(1)",
	Tips:    "nondeterministic_output",
	Summary: "Tells in how many seconds a key expires.",
	Syntax:  "key",
	Run: func(c *command.Ctx) error {
		return replyLifetime(c, func(tx *keyspace.Txn, at keyspace.Deadline) int64 { return toSeconds(tx.RemainingMs(at)) })
	},
}

var pttl = &command.Spec{
	Name: "pttl", Arity: 2, Flags: command.ReadOnly | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RO access"},
	Group: "generic", Since: "2.6.0", Complexity: "O(1)",
	Tips:    "nondeterministic_output",
	Summary: "Tells in how many milliseconds a key expires.",
	Syntax:  "key",
	Run:     func(c *command.Ctx) error { return replyLifetime(c, (*keyspace.Txn).RemainingMs) },
}

var expiretime = &command.Spec{
	Name: "expiretime", Arity: 2, Flags: command.ReadOnly | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RO access"},
	Group: "generic", Since: "7.0.0", Complexity: "O(1)",
	Summary: "Tells at which unix time in seconds a key expires.",
	Syntax:  "key",
	Run: func(c *command.Ctx) error {
		return replyLifetime(c, func(tx *keyspace.Txn, at keyspace.Deadline) int64 { return toSeconds(tx.UnixMs(at)) })
	},
}

var pexpiretime = &command.Spec{
	Name: "pexpiretime", Arity: 2, Flags: command.ReadOnly | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RO access"},
	Group: "generic", Since: "7.0.0", Complexity: "O(1)",
	Summary: "Tells at which unix time in milliseconds a key expires.",
	Syntax:  "key",
	Run:     func(c *command.Ctx) error { return replyLifetime(c, (*keyspace.Txn).UnixMs) },
}

// replyLifetime replies what tell says of the key's deadline.
func replyLifetime(c *command.Ctx, tell func(*keyspace.Txn, keyspace.Deadline) int64) error {
	en, ok := c.Tx.ReadUntouched(c.Args[1])
	switch {
	case !ok:
		c.Out.Int(noKey)
	case en.Deadline() == keyspace.None:
		c.Out.Int(noDeadline)
	default:
		c.Out.Int(tell(c.Tx, en.Deadline()))
	}
	return nil
}

// toSeconds rounds to the nearest, halves up, as Redis does.
func toSeconds(ms int64) int64 { return ms/1000 + (ms%1000+500)/1000 }
