package keycmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/keyspace"
	"github.com/curfewkv/curfew/resp"
	"github.com/curfewkv/curfew/resp/glob"
)

var keys = &command.Spec{
	Name: "keys", Arity: 2, Flags: command.ReadOnly | command.AllShards,
	Group: "generic", Since: "1.0.0", Complexity: "O(N), N being the number of keys in the database.",
	Tips:       "request_policy:all_shards nondeterministic_output_order",
	Summary:    "Lists the keys of the database whose names match a pattern.",
	Syntax:     "pattern:pattern",
	Categories: "@keyspace @dangerous",
	Long:       func(c *command.Ctx) bool { return !glob.Literal(c.Args[1]) && c.Tx.Len() > atOnce },
	Apart:      keysApart,
	Run: func(c *command.Ctx) error {
		pattern := c.Args[1]
		list, n := c.Out.DeferArray(), 0
		if glob.Literal(pattern) {
			if en, ok := c.Tx.Peek(pattern); ok {
				c.Out.Bulk(en.Key())
				n++
			}
			c.Out.Close(list, n)
			return nil
		}
		m := newMatcher(pattern)
		c.Tx.Each(func(en keyspace.Entry) {
			if key := en.Key(); m.match(key) {
				c.Out.Bulk(key)
				n++
			}
		})
		c.Out.Close(list, n)
		return nil
	},
}

// atOnce is how many keys a command may go through without other clients noticing: a fraction of a millisecond.
const atOnce = 4096

// keysApart goes through many keys step by step.
func keysApart(c *command.Ctx) error {
	m := newMatcher(c.Args[1])
	list, n := c.Out.DeferArray(), 0
	var some resp.Writer // of one step: the whole reply may have to grow, which is not to happen under a lock
	c.Tx.Walk(func(en keyspace.Entry) {
		if key := en.Key(); m.match(key) {
			some.Bulk(key)
			n++
		}
	}, func() bool {
		c.Out.Raw(some.Buf)
		some.Reset()
		return !c.Abandoned()
	})
	c.Out.Close(list, n)
	return nil
}

// matcher is a pattern for many keys: its fixed beginning sorts most of them out by one comparison.
type matcher struct {
	pattern, prefix []byte
	all             bool
}

// newMatcher prepares a pattern. "*" alone matches the empty name too, which glob's star does not.
func newMatcher(pattern []byte) matcher {
	return matcher{pattern: pattern, prefix: glob.Prefix(pattern), all: string(pattern) == "*"}
}

func (m *matcher) match(key []byte) bool {
	if m.all {
		return true
	}
	p := len(m.prefix)
	return len(key) >= p && string(key[:p]) == string(m.prefix) && glob.Match(m.pattern, key, false)
}
