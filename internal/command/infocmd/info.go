package infocmd

import (
	"strings"

	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/resp"
)

func (f family) runCount(c *command.Ctx) error {
	c.Out.Int(int64(len(f.table().Names())))
	return nil
}

// runAll is COMMAND without a subcommand.
func (f family) runAll(c *command.Ctx) error {
	t := f.table()
	names := t.Names()
	c.Out.Array(len(names))
	for _, name := range names {
		s, _ := t.ByName(name)
		writeInfo(c.Out, s)
	}
	return nil
}

func (f family) runInfo(c *command.Ctx) error {
	if len(c.Args) == 2 {
		return f.runAll(c)
	}
	t := f.table()
	c.Out.Array(len(c.Args) - 2)
	for _, name := range c.Args[2:] {
		s, ok := t.ByName(string(name))
		if !ok {
			c.Out.Null()
			continue
		}
		writeInfo(c.Out, s)
	}
	return nil
}

// writeInfo writes the ten elements by which clients know a command.
func writeInfo(w *resp.Writer, s *command.Spec) {
	w.Array(10)
	w.BulkString(s.Full)
	w.Int(int64(s.Arity))
	statuses(w, flagNames(s))
	w.Int(int64(s.Keys.First))
	w.Int(int64(s.Keys.Last))
	w.Int(int64(s.Keys.Step))
	categories := s.ACL().Names()
	for i, name := range categories {
		categories[i] = "@" + name
	}
	statuses(w, categories)
	tips := strings.Fields(s.Tips)
	w.Set(len(tips))
	for _, tip := range tips {
		w.BulkString(tip)
	}
	rules := s.KeyRules()
	w.Set(len(rules))
	for _, r := range rules {
		writeRule(w, r)
	}
	if len(s.Subcommands) == 0 {
		w.Set(0)
		return
	}
	w.Array(len(s.Subcommands))
	for _, sub := range s.Subcommands {
		writeInfo(w, sub)
	}
}

// statuses writes a set of simple strings.
func statuses(w *resp.Writer, names []string) {
	w.Set(len(names))
	for _, n := range names {
		w.Simple(n)
	}
}

// shown are the flags that Redis shows, in its order. It hides may_replicate, protected and touches_arbitrary_keys.
var shown = []struct {
	flag command.Flags
	name string
}{
	{command.Write, "write"}, {command.ReadOnly, "readonly"}, {command.DenyOOM, "denyoom"}, {command.Admin, "admin"},
	{command.PubSub, "pubsub"}, {command.NoScript, "noscript"}, {command.Blocking, "blocking"}, {command.Loading, "loading"},
	{command.Stale, "stale"}, {command.SkipMonitor, "skip_monitor"}, {command.SkipSlowlog, "skip_slowlog"},
	{command.Asking, "asking"}, {command.Fast, "fast"}, {command.NoAuth, "no_auth"}, {command.NoMandatoryKeys, "no_mandatory_keys"},
	{command.NoAsyncLoading, "no_async_loading"}, {command.NoMulti, "no_multi"}, {command.MovableKeys, "movablekeys"},
	{command.AllowBusy, "allow_busy"},
}

func flagNames(s *command.Spec) []string {
	var out []string
	for _, f := range shown {
		if s.Has(f.flag) {
			out = append(out, f.name)
		}
	}
	return out
}
