package lifecmd

import (
	"math"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
)

const conditionSyntax = " [NX | XX | GT | LT]"

var expire = &command.Spec{
	Name: "expire", Arity: -3, Flags: command.Write | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW update"},
	Group: "generic", Since: "1.0.0", Complexity: "O(1)",
	Summary: "Sets in how many seconds a key expires.",
	Syntax:  "key seconds:integer" + conditionSyntax,
	Run:     func(c *command.Ctx) error { return setLifetime(c, 1000, false) },
}

var pexpire = &command.Spec{
	Name: "pexpire", Arity: -3, Flags: command.Write | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW update"},
	Group: "generic", Since: "2.6.0", Complexity: "O(1)",
	Summary: "Sets in how many milliseconds a key expires.",
	Syntax:  "key milliseconds:integer" + conditionSyntax,
	Run:     func(c *command.Ctx) error { return setLifetime(c, 1, false) },
}

var expireat = &command.Spec{
	Name: "expireat", Arity: -3, Flags: command.Write | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW update"},
	Group: "generic", Since: "1.2.0", Complexity: "O(1)",
	Summary: "Sets at which unix time in seconds a key expires.",
	Syntax:  "key unix-time-seconds:unix-time" + conditionSyntax,
	Run:     func(c *command.Ctx) error { return setLifetime(c, 1000, true) },
}

var pexpireat = &command.Spec{
	Name: "pexpireat", Arity: -3, Flags: command.Write | command.Fast,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW update"},
	Group: "generic", Since: "2.6.0", Complexity: "O(1)",
	Summary: "Sets at which unix time in milliseconds a key expires.",
	Syntax:  "key unix-time-milliseconds:unix-time" + conditionSyntax,
	Run:     func(c *command.Ctx) error { return setLifetime(c, 1, true) },
}

// lifetime is a time as the command was given it.
type lifetime struct {
	ms       int64
	absolute bool // ms is unix time
}

// parseLifetime reads argument 2, in units of unitMs. Times past are fine; those that are no 64-bit unix time are not.
func parseLifetime(c *command.Ctx, unitMs int64, absolute bool) (lifetime, error) {
	n, err := c.Int(2)
	if err != nil {
		return lifetime{}, err
	}
	if n > math.MaxInt64/unitMs || n < math.MinInt64/unitMs {
		return lifetime{}, command.ErrInvalidExpire(c.Spec.Full)
	}
	n *= unitMs
	if !absolute && n > math.MaxInt64-c.Now.WallMs() {
		return lifetime{}, command.ErrInvalidExpire(c.Spec.Full)
	}
	return lifetime{ms: n, absolute: absolute}, nil
}

// left is the time until it from now in ms, not positive when it is past.
func (l lifetime) left(c *command.Ctx) int64 {
	if l.absolute {
		return remaining(l.ms, c.Now.WallMs())
	}
	return l.ms
}

// deadline is the instant to arm. REQUIRES left to be positive.
func (l lifetime) deadline(c *command.Ctx) keyspace.Deadline {
	if l.absolute {
		return c.Tx.At(l.ms)
	}
	return c.Tx.After(l.ms)
}

// setLifetime carries out the four commands: a time past deletes the key, as a deletion and not an expiry.
func setLifetime(c *command.Ctx, unitMs int64, absolute bool) error {
	o, err := parseCondition(c)
	if err != nil {
		return err
	}
	l, err := parseLifetime(c, unitMs, absolute)
	if err != nil {
		return err
	}
	en, ok := c.Tx.Write(c.Args[1])
	if !ok || !o.allows(c.Tx, en.Deadline(), l.left(c)) {
		c.Out.Int(0)
		return nil
	}
	c.Out.Int(1)
	if l.left(c) <= 0 {
		c.Tx.Delete(en, journal.EventDel)
		return nil
	}
	_, err = c.Tx.SetDeadline(en, l.deadline(c), journal.EventExpire)
	return err
}
