package config

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Document writes the reference of all keys as Markdown: one table of the keys
// that CONFIG GET lists, one of the other directives of a file.
func (r *Registry) Document(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| key | type | default | values | at run time | meaning |\n|---|---|---|---|---|---|\n")
	entries := slices.Clone(r.order)
	slices.SortFunc(entries, func(a, b *entry) int { return strings.Compare(a.name, b.name) })
	for _, e := range entries {
		if !e.hidden {
			b.WriteString(e.row())
		}
	}
	b.WriteString("\nDirectives that a file may repeat and that CONFIG GET does not list:\n\n| directive | meaning |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(r.directives)) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, cell(r.directives[name].doc))
	}
	b.WriteString("| `include` | Loads another file here; the name may hold wildcards. |\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (e *entry) row() string {
	names := []string{"`" + e.name + "`"}
	for _, a := range e.aliases {
		names = append(names, "`"+a+"`")
	}
	typ, allowed := e.value.kind()
	def := e.def
	if def != "" {
		def = "`" + def + "`"
	}
	change := "yes"
	switch {
	case e.immutable:
		change = "no"
	case e.protected:
		change = "if `enable-protected-configs`"
	}
	meaning := e.doc
	if e.noEffect != "" {
		meaning = strings.TrimSpace(meaning + " No effect: " + e.noEffect + ".")
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n",
		strings.Join(names, ", "), typ, cell(def), cell(allowed), change, cell(meaning))
}

// cell keeps a text from ending its table cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
