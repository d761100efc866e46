package stringcmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/keyspace"
)

var set = &command.Spec{
	Name: "set", Arity: -3, Flags: command.Write | command.DenyOOM,
	Keys:  command.Keys{First: 1, Last: 1, Step: 1, Flags: "RW access update variable_flags", FlagsAt: setKeyFlags},
	Group: "string", Since: "1.0.0", Complexity: "O(1)",
	Summary: "Makes a key hold a string, whatever it held before, and settles its TTL.",
	Syntax:  "key value [NX | XX] [GET] [" + ttlSyntax + " | KEEPTTL]",
	Run:     runSet,
}

// setOptions are the parsed options of SET.
type setOptions struct {
	nx, xx, get, keepTTL bool
	ttl                  ttlOption
}

// setKeyFlags: the old value is of use only to GET.
func setKeyFlags(args [][]byte, _ int) string {
	for _, a := range args[3:] {
		if command.EqualFold(a, "GET") {
			return "RW access update"
		}
	}
	return "OW update"
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
		case !o.keepTTL && o.ttl.take(c, i):
			i++
		default:
			return o, command.ErrSyntax
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
	if err := c.Tx.PutString(key, c.Args[2], keyspace.PutOptions{Deadline: at, KeepTTL: o.keepTTL}, journal.EventSet); err != nil {
		return err
	}
	if !o.get {
		c.Out.OK()
	}
	return nil
}

// setConditions replies the old value for GET and checks NX and XX; done: nothing is to be set.
func setConditions(c *command.Ctx, o setOptions, key []byte) (done bool, err error) {
	if o.get {
		found, err := replyString(c, key)
		return o.nx && found || o.xx && !found, err
	}
	en, found := c.Tx.Peek(key)
	if o.nx && found || o.xx && !found {
		if found && !c.Tx.NoTouch {
			c.Tx.Touch(en)
		}
		c.Out.Null()
		return true, nil
	}
	return false, nil
}
