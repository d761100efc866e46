package lint

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// Finding is a rule that a line of a program breaks.
type Finding struct {
	Code      rule.Code `json:"code"`
	Name      string    `json:"name"`
	File      string    `json:"file"` // with slashes, relative to where the tool was started when it is below
	Line      int       `json:"line"`
	Column    int       `json:"column"`
	EndLine   int       `json:"end_line"`
	EndColumn int       `json:"end_column"`
	Message   string    `json:"message"`
	text      string    // the line, by which a baseline knows it
}

// languageOf is the language of a file that is not Go, nil for other files.
func languageOf(path string) *language {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".py", ".pyi":
		return python
	case ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx":
		return script
	}
	return nil
}

// scan finds what is wrong in one file of Python or JavaScript.
func scan(lang *language, file, src string, s Settings) []Finding {
	p := newProgram(lang, src)
	notes := p.readNotes(src)
	decided := rule.Settings{Durable: append(slices.Clone(s.Durable), notes.durable...), DefaultTTL: s.DefaultTTLHook || notes.hook}
	var found []Finding
	add := func(code rule.Code, from, to int, message string) {
		r, _ := rule.Lookup(string(code))
		f := Finding{Code: code, Name: r.Name, File: file, Message: message}
		f.Line, f.Column = p.position(from)
		f.EndLine, f.EndColumn = p.position(to)
		if !s.disabled(code) && !notes.accept(f) {
			f.text = lineOf(src, p.starts, f.Line)
			found = append(found, f)
		}
	}
	for _, b := range notes.bad {
		add(rule.BadComment, b.offset, b.offset+1, b.text)
	}
	groups := map[*block][]command{}
	for _, c := range p.commands() {
		groups[c.root] = append(groups[c.root], c)
		for _, m := range c.mistakes {
			add(m.code, c.from, c.to, m.what)
		}
	}
	for _, group := range groups {
		ops := make([]rule.Operation, len(group))
		for i, c := range group {
			ops[i] = c.op
		}
		for _, f := range rule.Check(ops, decided) {
			add(f.Code, group[f.At].from, group[f.At].to, f.Message)
		}
	}
	slices.SortFunc(found, order)
	return found
}

func order(a, b Finding) int {
	for _, n := range []int{strings.Compare(a.File, b.File), a.Line - b.Line, a.Column - b.Column, strings.Compare(string(a.Code), string(b.Code))} {
		if n != 0 {
			return n
		}
	}
	return strings.Compare(a.Message, b.Message)
}

func lineOf(src string, starts []int, n int) string {
	end := len(src)
	if n < len(starts) {
		end = starts[n]
	}
	return strings.TrimSpace(src[starts[n-1]:end])
}

func (f Finding) String() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s", f.File, f.Line, f.Column, f.Code, f.Message)
}
