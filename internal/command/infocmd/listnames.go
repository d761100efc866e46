package infocmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/resp/glob"
)

// runList lists the names of commands and subcommands, those that the filter wants.
func (f family) runList(c *command.Ctx) error {
	want := func(*command.Spec) bool { return true }
	switch {
	case len(c.Args) == 2:
	case len(c.Args) != 5 || !c.Is(2, "FILTERBY"):
		return command.ErrSyntax
	case c.Is(3, "MODULE"):
		// There are no modules, so no module has the command.
		want = func(*command.Spec) bool { return false }
	case c.Is(3, "ACLCAT"):
		// An unknown category is one in which no command is.
		category, _ := command.ParseCategory(string(c.Args[4]))
		want = func(s *command.Spec) bool { return s.ACL()&category != 0 }
	case c.Is(3, "PATTERN"):
		want = func(s *command.Spec) bool { return glob.Match(c.Args[4], []byte(s.Full), true) }
	default:
		return command.ErrSyntax
	}
	t := f.table()
	list, n := c.Out.DeferArray(), 0
	add := func(s *command.Spec) {
		if want(s) {
			c.Out.BulkString(s.Full)
			n++
		}
	}
	for _, name := range t.Names() {
		s, _ := t.ByName(name)
		add(s)
		for _, sub := range s.Subcommands {
			add(sub)
		}
	}
	c.Out.Close(list, n)
	return nil
}
