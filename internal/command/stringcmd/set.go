package stringcmd

import (
	"math"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
)

var eventSet = journal.Event{Class: journal.ClassString, Name: "set"}

var set = &command.Spec{
	Name: "set", Arity: -3, Flags: command.Write | command.DenyOOM,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW access update variable_flags"},
	Group: "string", Since: "1.0.0", Complexity: "O(1)",
	Summary: "Sets the string value of a key, ignoring its type. The key is created if it doesn't exist.",
	Syntax:  "key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
	Run:     runSet,
}

// setOptions are the parsed options of SET.
type setOptions struct {
	nx, xx, get, keepTTL bool
	ttl                  ttlOption
}

func parseSet(c *command.Ctx) (o setOptions, err error) {
	for i := 3; i < len(c.Args); i++ {
		switch {
		case c.Is(i, "NX") && !o.xx:
			o.nx = true
		case c.Is(i, "XX") && !o.nx:
			o.xx = true
		case c.Is(i, "GET"):
			o.get = true
		case c.Is(i, "KEEPTTL") && o.ttl.unit == none:
			o.keepTTL = true
		default:
			unit := ttlUnitOf(c.Args[i])
			if unit == none || o.keepTTL || o.ttl.unit != none || i+1 == len(c.Args) {
				return o, command.ErrSyntax
			}
			o.ttl = ttlOption{unit: unit, arg: i + 1}
			i++
		}
	}
	return o, nil
}

func runSet(c *command.Ctx) error {
	o := setOptions{}
	if len(c.Args) > 3 {
		var err error
		if o, err = parseSet(c); err != nil {
			return err
		}
	}
	at, err := o.ttl.deadline(c)
	if err != nil {
		return err
	}
	key := c.Args[1]
	if o.nx || o.xx || o.get {
		if done, err := setConditions(c, o, key); done || err != nil {
			return err
		}
	}
	if err := c.Tx.PutString(key, c.Args[2], keyspace.PutOptions{Deadline: at, KeepTTL: o.keepTTL}, eventSet); err != nil {
		return err
	}
	if !o.get {
		c.Out.OK()
	}
	return nil
}

// setConditions replies the old value for GET and checks NX and XX; done: nothing is to be set.
func setConditions(c *command.Ctx, o setOptions, key []byte) (done bool, err error) {
	var en keyspace.Entry
	var found bool
	if o.get {
		if en, found, err = c.StringEntry(key); err != nil {
			return true, err
		}
		if found {
			c.Out.Bulk(en.String(c.Scratch[:0]))
		} else {
			c.Out.Null()
		}
	} else {
		en, found = c.Tx.Write(key)
	}
	if o.nx && found || o.xx && !found {
		if !o.get {
			c.Out.Null()
		}
		return true, nil
	}
	return false, nil
}

// ttlUnit is how a TTL option states its time.
type ttlUnit uint8

const (
	none ttlUnit = iota
	seconds
	milliseconds
	unixSeconds
	unixMilliseconds
)

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

// ttlOption is a TTL option and the position of its number.
type ttlOption struct {
	unit ttlUnit
	arg  int
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
	invalid := command.ErrInvalidExpire(c.Spec.Name)
	if n <= 0 {
		return keyspace.None, invalid
	}
	if o.unit == seconds || o.unit == unixSeconds {
		if n > math.MaxInt64/1000 {
			return keyspace.None, invalid
		}
		n *= 1000
	}
	if o.unit == unixSeconds || o.unit == unixMilliseconds {
		return c.Tx.At(n), nil
	}
	if n > math.MaxInt64-c.Now.WallMs() {
		return keyspace.None, invalid
	}
	return c.Tx.After(n), nil
}
