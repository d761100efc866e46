package advise

import (
	"fmt"
	"io"
	"strings"

	"github.com/curfewkv/curfew/internal/toolkit/output"
)

// Write prints advice for a person, within so many columns.
func Write(w io.Writer, all []Advice, columns int) error {
	var text strings.Builder
	for _, a := range all {
		fmt.Fprintf(&text, "%s: %s\n", output.Printable(a.Subject), a.Verdict)
		for _, why := range a.Why {
			wrap(&text, "  because ", why, columns)
		}
		for _, do := range a.Do {
			fmt.Fprintf(&text, "  > %s\n", output.Printable(do)) // not broken: it is for copying
		}
		text.WriteByte('\n')
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// wrap writes words in lines that begin below the first.
func wrap(text *strings.Builder, begin, sentence string, columns int) {
	text.WriteString(begin)
	at := len(begin)
	for i, word := range strings.Fields(sentence) {
		if i > 0 && at+1+len(word) > columns {
			text.WriteString("\n" + strings.Repeat(" ", len(begin)))
			at = len(begin)
		} else if i > 0 {
			text.WriteByte(' ')
			at++
		}
		text.WriteString(word)
		at += len(word)
	}
	text.WriteByte('\n')
}

// Open counts the advice that asks for something to be done.
func Open(all []Advice) int {
	n := 0
	for _, a := range all {
		if len(a.Do) > 0 {
			n++
		}
	}
	return n
}
