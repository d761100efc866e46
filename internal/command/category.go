package command

import "strings"

// Category is a set of ACL categories.
type Category uint32

// The categories of Redis, in the order in which it lists them.
const (
	CategoryKeyspace Category = 1 << iota
	CategoryRead
	CategoryWrite
	CategorySet
	CategorySortedSet
	CategoryList
	CategoryHash
	CategoryString
	CategoryBitmap
	CategoryHyperLogLog
	CategoryGeo
	CategoryStream
	CategoryPubSub
	CategoryAdmin
	CategoryFast
	CategorySlow
	CategoryBlocking
	CategoryDangerous
	CategoryConnection
	CategoryTransaction
	CategoryScripting
)

// categoryNames are indexed by bit.
var categoryNames = []string{
	"keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo", "stream", "pubsub",
	"admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting",
}

// groupCategories are the categories that a command is in for its group.
var groupCategories = map[string]Category{
	"generic": CategoryKeyspace, "string": CategoryString, "list": CategoryList, "set": CategorySet,
	"sorted-set": CategorySortedSet, "hash": CategoryHash, "bitmap": CategoryBitmap, "hyperloglog": CategoryHyperLogLog,
	"geo": CategoryGeo, "stream": CategoryStream, "connection": CategoryConnection,
	"transactions": CategoryTransaction, "scripting": CategoryScripting,
}

// ParseCategory finds a category by its name, without '@' and in any case.
func ParseCategory(name string) (Category, bool) {
	for i, n := range categoryNames {
		if strings.EqualFold(n, name) {
			return 1 << i, true
		}
	}
	return 0, false
}

// Names are the names of the categories in the set, without '@'.
func (c Category) Names() []string {
	var out []string
	for i, n := range categoryNames {
		if c&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return out
}

// ACL is the set of categories that the command is in.
func (s *Spec) ACL() Category {
	var c Category
	// A container does nothing itself: its group counts for its subcommands only.
	if len(s.Subcommands) == 0 {
		c = groupCategories[s.Group]
	}
	for _, word := range strings.Fields(s.Categories) {
		name, minus := strings.CutPrefix(word, "-")
		n, ok := ParseCategory(strings.TrimPrefix(name, "@"))
		switch {
		case !ok:
			panic("command: " + s.Full + " names the unknown category " + word)
		case minus:
			c &^= n
		default:
			c |= n
		}
	}
	for _, f := range []struct {
		flag Flags
		in   Category
	}{
		{Write, CategoryWrite}, {Admin, CategoryAdmin | CategoryDangerous}, {PubSub, CategoryPubSub},
		{Fast, CategoryFast}, {Blocking, CategoryBlocking},
	} {
		if s.Has(f.flag) {
			c |= f.in
		}
	}
	// Scripts that only read are no reads: what they call is.
	if s.Has(ReadOnly) && c&CategoryScripting == 0 {
		c |= CategoryRead
	}
	if !s.Has(Fast) {
		c |= CategorySlow
	}
	return c
}
