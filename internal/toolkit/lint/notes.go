package lint

import (
	"strings"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// fileNotes are the comments of a file that say something to the linter.
type fileNotes struct {
	at      map[int]rule.Note // by line
	alone   map[int]bool      // nothing else is on the line, so the note is about the line below
	durable []string
	hook    bool
	bad     []comment // with what is wrong in place of the text
}

func (p *program) readNotes(src string) fileNotes {
	n := fileNotes{at: map[int]rule.Note{}, alone: map[int]bool{}}
	for _, c := range p.comments {
		note, ok, err := rule.ParseNote(strings.TrimLeft(c.text, "#/* "))
		if !ok {
			continue
		}
		if err != nil {
			n.bad = append(n.bad, comment{err.Error(), c.offset})
			continue
		}
		line, _ := p.position(c.offset)
		n.at[line] = note
		n.alone[line] = strings.TrimSpace(src[p.starts[line-1]:c.offset]) == ""
		n.durable = append(n.durable, note.Keys...)
		n.hook = n.hook || note.Hook
	}
	return n
}

// accept reports whether a comment on the finding's lines, or alone on the line above, accepts it.
func (n fileNotes) accept(f Finding) bool {
	for line := f.Line - 1; line <= f.EndLine; line++ {
		if note, ok := n.at[line]; ok && (line >= f.Line || n.alone[line]) && note.Accepts(f.Code) {
			return true
		}
	}
	return false
}
