package stringcmd

import (
	"math"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/keyspace"
)

// ttlSyntax are the options that ttlOption parses.
const ttlSyntax = "EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time"

// ttlUnit is how a TTL states its time.
type ttlUnit uint8

const (
	none ttlUnit = iota
	seconds
	milliseconds
	unixSeconds
	unixMilliseconds
)

// absolute: the time is a date.
func (u ttlUnit) absolute() bool { return u == unixSeconds || u == unixMilliseconds }

// ttlUnitOf recognizes EX, PX, EXAT and PXAT.
func ttlUnitOf(word []byte) ttlUnit {
	switch {
	case command.EqualFold(word, "EX"):
		return seconds
	case command.EqualFold(word, "PX"):
		return milliseconds
	case command.EqualFold(word, "EXAT"):
		return unixSeconds
	case command.EqualFold(word, "PXAT"):
		return unixMilliseconds
	}
	return none
}

// ttlOption is a TTL and the position of its number in the arguments.
type ttlOption struct {
	unit ttlUnit
	arg  int
}

// take parses a TTL option at argument i and the number after it. As in Redis one unit may be given twice, and the last
// one counts; two units contradict each other.
func (o *ttlOption) take(c *command.Ctx, i int) bool {
	unit := ttlUnitOf(c.Args[i])
	if unit == none || i+1 == len(c.Args) || o.unit != none && o.unit != unit {
		return false
	}
	*o = ttlOption{unit: unit, arg: i + 1}
	return true
}

// deadline is the instant that the option asks for, None without one.
func (o ttlOption) deadline(c *command.Ctx) (keyspace.Deadline, error) {
	if o.unit == none {
		return keyspace.None, nil
	}
	n, err := c.Int(o.arg)
	if err != nil {
		return keyspace.None, err
	}
	if n <= 0 {
		return keyspace.None, command.ErrInvalidExpire(c.Spec.Full)
	}
	if o.unit == seconds || o.unit == unixSeconds {
		if n > math.MaxInt64/1000 {
			return keyspace.None, command.ErrInvalidExpire(c.Spec.Full)
		}
		n *= 1000
	}
	if o.unit.absolute() {
		return c.Tx.At(n), nil
	}
	if n > math.MaxInt64-c.Now.WallMs() {
		return keyspace.None, command.ErrInvalidExpire(c.Spec.Full)
	}
	return c.Tx.After(n), nil
}
