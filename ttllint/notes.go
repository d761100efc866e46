package ttllint

import (
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// place is a line of a file.
type place struct {
	file string
	line int
}

// note is a comment that accepts findings.
type note struct {
	rule.Note
	alone bool // nothing else is on its line: it is about the line below
}

// notes are the comments of a package that say something to the analyzer.
type notes struct {
	at      map[place]note
	durable []string
	hook    bool
	bad     []complaint
}

// complaint is a comment that cannot be followed.
type complaint struct {
	pos  token.Pos
	what string
}

func readNotes(p *analysis.Pass) notes {
	n := notes{at: map[place]note{}}
	for _, f := range p.Files {
		var lines []string
		for _, group := range f.Comments {
			for _, c := range group.List {
				parsed, ok, err := rule.ParseNote(strings.TrimPrefix(strings.TrimPrefix(c.Text, "//"), "/*"))
				if !ok {
					continue
				}
				if err != nil {
					n.bad = append(n.bad, complaint{c.Pos(), err.Error()})
					continue
				}
				at := p.Fset.Position(c.Pos())
				if lines == nil {
					text, err := p.ReadFile(p.Fset.File(c.Pos()).Name())
					if err != nil {
						continue // the source is not to be had: a comment then holds for its own line only
					}
					lines = strings.Split(string(text), "\n")
				}
				n.durable = append(n.durable, parsed.Keys...)
				n.hook = n.hook || parsed.Hook
				alone := at.Line <= len(lines) && strings.TrimSpace(lines[at.Line-1][:min(at.Column-1, len(lines[at.Line-1]))]) == ""
				n.at[place{at.Filename, at.Line}] = note{parsed, alone}
			}
		}
	}
	return n
}

// accept reports whether a comment on the finding's lines, or alone on the line above, accepts it.
func (n notes) accept(fset *token.FileSet, code rule.Code, d analysis.Diagnostic) bool {
	from := fset.Position(d.Pos)
	to := from
	if d.End.IsValid() {
		to = fset.Position(d.End)
	}
	for line := from.Line - 1; line <= to.Line; line++ {
		c, ok := n.at[place{from.Filename, line}]
		if ok && (line >= from.Line || c.alone) && c.Accepts(code) {
			return true
		}
	}
	return false
}
