package infocmd

import (
	"github.com/curfewkv/curfew/internal/command"
	"github.com/curfewkv/curfew/internal/command/grammar"
	"github.com/curfewkv/curfew/resp"
)

func (f family) runDocs(c *command.Ctx) error {
	t := f.table()
	names := t.Names()
	if len(c.Args) > 2 {
		names = names[:0]
		for _, name := range c.Args[2:] {
			names = append(names, string(name))
		}
	}
	list, n := c.Out.DeferMap(), 0
	for _, name := range names {
		s, ok := t.ByName(name)
		if !ok {
			continue
		}
		c.Out.BulkString(s.Full)
		writeDocs(c.Out, s)
		n++
	}
	c.Out.Close(list, n)
	return nil
}

// writeDocs writes the map that describes a command. Fields without a value are left out, as Redis does.
func writeDocs(w *resp.Writer, s *command.Spec) {
	m := fields{w: w, head: w.DeferMap()}
	m.text("summary", s.Summary)
	m.text("since", s.Since)
	m.text("group", s.Group)
	m.text("complexity", s.Complexity)
	var flags []string
	if s.DeprecatedSince != "" {
		flags = append(flags, "deprecated")
	}
	if s.Has(command.SysCmd) {
		flags = append(flags, "syscmd")
	}
	m.statuses("doc_flags", flags)
	m.text("deprecated_since", s.DeprecatedSince)
	m.text("replaced_by", s.ReplacedBy)
	// A syntax that does not parse is a mistake in a Spec, which the test of the whole table finds.
	if g, err := grammar.Parse(s.Syntax); err == nil && len(g.Args) > 0 {
		m.name("arguments")
		writeArgs(w, keyArgs(s, g), g.Args)
	}
	if len(s.Subcommands) > 0 {
		m.name("subcommands")
		w.Map(len(s.Subcommands))
		for _, sub := range s.Subcommands {
			w.BulkString(sub.Full)
			writeDocs(w, sub)
		}
	}
	m.end()
}

// writeArgs writes a list of arguments. rules has those that are keys, with the index of the rule that finds them.
func writeArgs(w *resp.Writer, rules map[*grammar.Arg]int, args []grammar.Arg) {
	w.Array(len(args))
	for i := range args {
		writeArg(w, rules, &args[i])
	}
}

func writeArg(w *resp.Writer, rules map[*grammar.Arg]int, a *grammar.Arg) {
	m := fields{w: w, head: w.DeferMap()}
	m.text("name", a.Name)
	m.text("type", string(a.Type))
	if len(a.Args) == 0 {
		m.text("display_text", a.Name)
	}
	if i, ok := rules[a]; ok {
		m.name("key_spec_index")
		w.Int(int64(i))
	}
	m.text("token", a.Token)
	var flags []string
	for _, f := range []struct {
		set  bool
		name string
	}{{a.Optional, "optional"}, {a.Multiple, "multiple"}, {a.MultipleToken, "multiple_token"}} {
		if f.set {
			flags = append(flags, f.name)
		}
	}
	m.statuses("flags", flags)
	if len(a.Args) > 0 {
		m.name("arguments")
		writeArgs(w, rules, a.Args)
	}
	m.end()
}

// fields is a map under way.
type fields struct {
	w    *resp.Writer
	head resp.Deferred
	n    int
}

func (m *fields) name(name string) {
	m.w.BulkString(name)
	m.n++
}

// text writes a field, unless it is empty.
func (m *fields) text(name, value string) {
	if value != "" {
		m.name(name)
		m.w.BulkString(value)
	}
}

// statuses writes a field that is a set, unless it is empty.
func (m *fields) statuses(name string, values []string) {
	if len(values) > 0 {
		m.name(name)
		statuses(m.w, values)
	}
}

func (m *fields) end() { m.w.Close(m.head, m.n) }
