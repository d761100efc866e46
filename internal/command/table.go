package command

import (
	"fmt"
	"sort"
	"strings"
)

// Table finds commands by name. Immutable after NewTable, but for renaming while the configuration is read.
type Table struct {
	byName map[string]*Spec
	words  words // some of byName, found faster
	subs   map[*Spec]map[string]*Spec
	all    []*Spec // by ID, subcommands included
}

// NewTable builds the table of the given families. A name given twice, or a Spec that contradicts itself, panics: the
// lists are fixed at compile time.
func NewTable(families ...[]*Spec) *Table {
	t := &Table{byName: map[string]*Spec{}, subs: map[*Spec]map[string]*Spec{}}
	for _, family := range families {
		for _, s := range family {
			t.add(s)
		}
	}
	return t
}

func (t *Table) add(s *Spec) {
	if _, dup := t.byName[s.Name]; dup {
		panic(fmt.Sprintf("command: %s is declared twice", s.Name))
	}
	if s.Arity == 0 || s.Run == nil && len(s.Subcommands) == 0 {
		panic(fmt.Sprintf("command: %s has no arity or nothing to run", s.Name))
	}
	s.Full = s.Name
	t.number(s)
	t.byName[s.Name] = s
	t.words.add(s.Name, s)
	if len(s.Subcommands) == 0 {
		return
	}
	t.subs[s] = map[string]*Spec{}
	for _, sub := range s.Subcommands {
		sub.Parent = s
		sub.Full = s.Name + "|" + sub.Name
		if sub.Group == "" {
			sub.Group = s.Group
		}
		t.number(sub)
		t.subs[s][sub.Name] = sub
	}
}

func (t *Table) number(s *Spec) {
	s.ID = len(t.all)
	s.brief = s.SingleKey() > 0 && s.Complexity == "O(1)"
	t.all = append(t.all, s)
}

// maxName bounds command names, so that looking one up needs no allocation.
const maxName = 64

// Lookup finds a command by its first word, in any case.
func (t *Table) Lookup(name []byte) (*Spec, bool) {
	if s := t.words.find(name); s != nil {
		return s, true
	}
	var b [maxName]byte
	low, ok := lower(b[:0], name)
	if !ok {
		return nil, false
	}
	s, ok := t.byName[string(low)]
	return s, ok
}

// Sub finds a container's subcommand by its word, in any case.
func (t *Table) Sub(s *Spec, word []byte) (*Spec, bool) {
	var b [maxName]byte
	low, ok := lower(b[:0], word)
	if !ok {
		return nil, false
	}
	sub, ok := t.subs[s][string(low)]
	return sub, ok
}

func lower(dst, name []byte) ([]byte, bool) {
	if len(name) > maxName {
		return nil, false
	}
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst, true
}

// Resolve finds the command or subcommand that args name; nil when the first word is unknown. sub is false when a
// container's second word is missing or unknown.
func (t *Table) Resolve(args [][]byte) (s *Spec, sub bool) {
	s, ok := t.Lookup(args[0])
	if !ok {
		return nil, false
	}
	if len(s.Subcommands) == 0 {
		return s, true
	}
	if len(args) < 2 {
		return s, s.Run != nil
	}
	if sc, ok := t.Sub(s, args[1]); ok {
		return sc, true
	}
	return s, false
}

// All is every command and subcommand by ID.
func (t *Table) All() []*Spec { return t.all }

// Names are the top-level commands, sorted.
func (t *Table) Names() []string {
	out := make([]string, 0, len(t.byName))
	for n := range t.byName {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

// ByName finds a command by its full name, "get" or "client|list", in any case.
func (t *Table) ByName(full string) (*Spec, bool) {
	name, sub, isSub := strings.Cut(strings.ToLower(full), "|")
	s, ok := t.byName[name]
	if !ok || !isSub {
		return s, ok
	}
	sc, ok := t.subs[s][sub]
	return sc, ok
}

// Rename changes the name of a command (rename-command); the empty name removes it.
func (t *Table) Rename(from, to string) error {
	from, to = strings.ToLower(from), strings.ToLower(to)
	s, ok := t.byName[from]
	if !ok {
		return fmt.Errorf("No such command in rename-command")
	}
	if to != "" && t.byName[to] != nil {
		return fmt.Errorf("Target command name already exists")
	}
	delete(t.byName, from)
	if to != "" {
		t.byName[to] = s
	}
	t.words = words{}
	for name, s := range t.byName {
		t.words.add(name, s)
	}
	return nil
}
