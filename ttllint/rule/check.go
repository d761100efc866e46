package rule

import (
	"fmt"
	"slices"
	"strings"
)

// Settings say what a program's owners have decided.
type Settings struct {
	// Durable are patterns of keys that may live forever.
	Durable []string
	// DefaultTTL says that something gives every new key a lifetime, so that writes without one are well.
	DefaultTTL bool
}

// Finding is a rule broken by an operation.
type Finding struct {
	Code    Code
	At      int // index of the operation to change
	Other   int // index of a second operation that it takes; -1: none
	Message string
}

// Check finds what is wrong with the operations of one function, which are in the order of the source.
func Check(ops []Operation, s Settings) []Finding {
	var found []Finding
	for i, o := range ops {
		c := checker{ops, s, i}
		switch o.Kind {
		case Write:
			if o.Lifetime == None {
				found = append(found, c.write()...)
			}
		case Create, Grow:
			found = append(found, c.create()...)
		case Expire:
			found = append(found, c.expire()...)
		case Drop:
			if !c.durable() {
				found = append(found, Finding{Persist, i, -1, fmt.Sprintf("%s takes the lifetime from %s; a key without one stays until someone deletes it", o.Command, c.name())})
			}
		case Walk:
			found = append(found, Finding{KeysCommand, i, -1, "KEYS walks the whole keyspace and blocks the server meanwhile; use SCAN"})
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return a.At - b.At })
	return found
}

// checker looks at one operation among its neighbours.
type checker struct {
	ops      []Operation
	settings Settings
	at       int
}

func (c checker) durable() bool {
	keys := c.ops[c.at].Keys
	return len(keys) > 0 && !slices.ContainsFunc(keys, func(k Key) bool { return !k.Matches(c.settings.Durable) })
}

// name is how messages call the keys of the operation.
func (c checker) name() string {
	var names []string
	for _, k := range c.ops[c.at].Keys {
		names = append(names, fmt.Sprintf("%q", k.String()))
	}
	switch {
	case len(names) == 0:
		return "its key"
	case len(names) > 3:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:2], ", "), len(names)-2)
	}
	return strings.Join(names, ", ")
}

// later is the first EXPIRE after the operation that covers its keys, or -1. A Write is over when another one follows.
func (c checker) later() int {
	o := c.ops[c.at]
	for j := c.at + 1; j < len(c.ops); j++ {
		if o.Kind == Write && c.ops[j].Kind == Write && shares(o, c.ops[j]) && !exclusive(o, c.ops[j]) {
			return -1
		}
		if c.ops[j].Kind == Expire && covers(c.ops[j], o) && !exclusive(o, c.ops[j]) {
			return j
		}
	}
	return -1
}

// earlier is the last EXPIRE of the operation's keys before it, or -1.
func (c checker) earlier() int {
	for j := c.at - 1; j >= 0; j-- {
		if c.ops[j].Kind == Expire && shares(c.ops[j], c.ops[c.at]) && !exclusive(c.ops[j], c.ops[c.at]) {
			return j
		}
	}
	return -1
}

func (c checker) write() []Finding {
	o := c.ops[c.at]
	if c.durable() {
		return nil
	}
	if j := c.later(); j >= 0 {
		e := c.ops[j]
		if o.Atomic != nil && o.Atomic == e.Atomic {
			return nil
		}
		if len(o.Keys) > 0 {
			return []Finding{{SetThenExpire, c.at, j, fmt.Sprintf(
				"%s of %s gets its lifetime by %s on line %d: a program that stops between the two leaves a key that never ends; give the lifetime to %s",
				o.Command, c.name(), e.Command, e.Line, option(o, e))}}
		}
	}
	if c.settings.DefaultTTL {
		return nil
	}
	if j := c.earlier(); j >= 0 {
		return []Finding{c.dropped(j)}
	}
	return []Finding{{NoTTL, c.at, -1, fmt.Sprintf("%s of %s gives no lifetime", o.Command, c.name())}}
}

func (c checker) create() []Finding {
	o := c.ops[c.at]
	if c.settings.DefaultTTL || c.durable() || c.later() >= 0 {
		return nil
	}
	if j := c.earlier(); j >= 0 {
		return []Finding{c.dropped(j)}
	}
	if o.Kind == Create && strings.HasPrefix(o.Command, "MSET") {
		return []Finding{{NoTTL, c.at, -1, fmt.Sprintf("%s of %s gives no lifetime, and cannot; send SET with EX in a pipeline", o.Command, c.name())}}
	}
	return []Finding{{NoExpire, c.at, -1, fmt.Sprintf("%s can create %s, and no EXPIRE of it follows in this function", o.Command, c.name())}}
}

// dropped is the finding for an EXPIRE that comes before the write.
func (c checker) dropped(expire int) Finding {
	o, e := c.ops[c.at], c.ops[expire]
	what := "does nothing when the key is missing"
	if o.Kind != Grow {
		what = "is lost: " + o.Command + " drops the lifetime"
	}
	return Finding{ExpireBeforeWrite, c.at, expire, fmt.Sprintf("%s of %s on line %d comes before %s and %s", e.Command, c.name(), e.Line, o.Command, what)}
}

// expire finds the GET before an EXPIRE.
func (c checker) expire() []Finding {
	e := c.ops[c.at]
	if e.If {
		return nil
	}
	for j := c.at - 1; j >= 0; j-- {
		o := c.ops[j]
		if !shares(o, e) || exclusive(o, e) || o.Kind == Other {
			continue
		}
		if o.Kind != Read || (o.Atomic != nil && o.Atomic == e.Atomic) {
			return nil
		}
		return []Finding{{GetThenExpire, j, c.at, fmt.Sprintf(
			"GET of %s, then %s on line %d: two round trips, and the key can end between them; use GETEX", c.name(), e.Command, e.Line)}}
	}
	return nil
}

// option is how o says what e does.
func option(o, e Operation) string {
	word := map[string]string{"EXPIRE": "EX", "PEXPIRE": "PX", "EXPIREAT": "EXAT", "PEXPIREAT": "PXAT"}[e.Command]
	switch o.Command {
	case "SETNX":
		return "SET by NX and " + word
	case "GETSET":
		return "SET by GET and " + word
	case "SET":
		return "SET by " + word
	}
	return o.Command + " itself"
}
